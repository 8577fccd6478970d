"""A document that is built seldom and read often: whole bytes with an entity tag (RFC 9110, section 8.8.3)."""

from hashlib import sha256

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.message import Request, Response

Header = tuple[bytes, bytes]


def content_hash(*pieces: bytes) -> str:
    """Hexadecimal digest that names the content made of ``pieces``."""
    digest = sha256()
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "little"))
        digest.update(piece)
    return digest.hexdigest().upper()


def require_read(request: Request) -> None:
    """Raise 405 unless the request is a GET or HEAD."""
    if request.method not in ("GET", "HEAD"):
        raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


class Document:
    """``etag`` is the bare tag, by default the hash of the body; ``headers`` go with every answer, 304 included."""

    __slots__ = ("_answer", "_headers", "_quoted", "body", "etag")

    def __init__(
        self,
        body: bytes,
        content_type: bytes = b"application/json",
        etag: str = "",
        headers: tuple[Header, ...] = (),
    ) -> None:
        self.body = body
        self.etag = etag or content_hash(body)
        self._quoted = b'"%b"' % self.etag.encode()
        self._headers = ((b"ETag", self._quoted), (b"Vary", b"Accept"), *headers)
        self._answer = Response(200, body, content_type, self._headers)

    def answer(self, request: Request, headers: tuple[Header, ...] = ()) -> Response:
        """The document, or 304 when the client's If-None-Match names it; ``headers`` are added."""
        known = request.headers.get(b"if-none-match")
        if known is not None and self._is_named(known):
            # Caches put the fields of a 304 over those they have: a Content-Type of another kind would stay.
            return Response(304, b"", self._answer.content_type, (*self._headers, *headers))
        if not headers:
            return self._answer
        return Response(200, self.body, self._answer.content_type, (*self._headers, *headers))

    def _is_named(self, if_none_match: bytes) -> bool:
        tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
        return any(tag in (self._quoted, b"*") for tag in tags)
