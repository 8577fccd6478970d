"""Bearer tokens in requests (RFC 6750)."""

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.message import Request


def bearer_token(request: Request) -> bytes:
    """The token of the Authorization header, empty where there is none."""
    scheme, _, rest = request.headers.get(b"authorization", b"").partition(b" ")
    return rest.strip(b" ") if scheme.lower() == b"bearer" else b""


class InvalidToken(ApiError):
    """401 for a bearer token that does not hold. ``why`` is told to those who may have tokens reviewed, only."""

    def __init__(self, why: str) -> None:
        super().__init__(401, "Unauthorized", "Unauthorized")
        self.why = why
