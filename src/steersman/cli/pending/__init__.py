"""What ``steersman initializers`` does."""
