"""The Node authorizer: a node may do what it needs for the pods that are bound to it, and for itself (KEP-279)."""
