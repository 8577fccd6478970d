"""What is served, and the life cycle of its objects."""
