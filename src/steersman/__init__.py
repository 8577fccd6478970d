"""Kubernetes' extensible control plane in Python: an API server, and the toolkit to extend it."""

__version__ = "0.1.0"
