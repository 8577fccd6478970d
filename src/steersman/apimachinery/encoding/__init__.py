"""The forms in which objects travel: JSON and YAML, read by Kubernetes' rules."""
