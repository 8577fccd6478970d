"""The vocabulary of the API, pure: values and functions without I/O, clock or event loop."""
