"""Admission plugins, one a file."""
