"""What ``steersman get`` does: tables, objects in formats, and both as they change."""
