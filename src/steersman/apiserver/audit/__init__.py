"""Auditing: what was asked of the server, by whom, and what became of it (audit.k8s.io/v1; "Auditing")."""
