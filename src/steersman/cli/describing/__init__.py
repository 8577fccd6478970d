"""What ``steersman describe`` does: objects as indented text, and their events."""
