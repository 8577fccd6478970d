"""Bearer tokens in requests (RFC 6750)."""

from steersman.apiserver.http.message import Request


def bearer_token(request: Request) -> bytes:
    """The token of the Authorization header, empty where there is none."""
    scheme, _, rest = request.headers.get(b"authorization", b"").partition(b" ")
    return rest.strip(b" ") if scheme.lower() == b"bearer" else b""
