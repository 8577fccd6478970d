"""Objects that ``steersman create`` makes of flags."""
