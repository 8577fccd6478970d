"""What ``label``, ``annotate`` and ``set`` share: objects are read, changed, and the difference is sent."""
