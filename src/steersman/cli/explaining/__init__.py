"""What ``steersman explain`` does."""
