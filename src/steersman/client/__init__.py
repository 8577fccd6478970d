"""The client library: client-go's machinery in asyncio, against any Kubernetes API server."""
