"""HTTP/1.1 for the API: the protocol, streaming, TLS, and an ASGI face on the same handlers."""
