"""What ``steersman delete`` does: requests, and the wait for the end of objects."""
