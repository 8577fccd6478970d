"""RBAC: who is bound to which roles, as an index that answers in microseconds (rbac.authorization.k8s.io)."""
