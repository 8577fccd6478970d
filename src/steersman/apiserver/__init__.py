"""The generic API server: HTTP, request handling by verb, and the registry of what is served. It knows no kind."""
