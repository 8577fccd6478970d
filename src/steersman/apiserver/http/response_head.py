"""Status lines and header fields of answers, made once and used often."""

import re
import time
from email.utils import formatdate
from http import HTTPStatus

from steersman.apiserver.http.message import Response, Stream

_STATUS_LINES = {status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}
_LINE_BREAK = re.compile(rb"[\r\n\x00]")
_CACHE_CONTROL = (b"Cache-Control", b"no-cache, private")

BODILESS = frozenset((204, 304))
"""Statuses whose answers have neither a body nor a length."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def check_fields(answer: Response | Stream) -> None:
    """Raises ValueError for a header field with a line break: it would let its author write the rest of the answer."""
    if answer.content_type != b"application/json" and _LINE_BREAK.search(answer.content_type):
        raise ValueError("the content type of an answer has a line break")
    for name, value in answer.headers:
        if _LINE_BREAK.search(name) or _LINE_BREAK.search(value):
            raise ValueError("a header field of an answer has a line break")


def header_fields(answer: Response | Stream) -> list[tuple[bytes, bytes]]:
    """Content-Type, Cache-Control unless the answer has its own, and the answer's own fields."""
    fields = [(b"Content-Type", answer.content_type), *answer.headers]
    if not any(name.lower() == b"cache-control" for name, _ in answer.headers):
        fields.append(_CACHE_CONTROL)
    return fields


class ResponseHeads:
    """The beginnings of heads for one server: status line, Date, Content-Type, Cache-Control.

    ``refresh`` is called about once a second, for the Date; in between the same bytes serve every answer.
    """

    __slots__ = ("_date", "_plain")

    def __init__(self) -> None:
        self._plain: dict[tuple[int, bytes], bytes] = {}
        self._date = b""
        self.refresh()

    def refresh(self) -> None:
        date = b"Date: %b\r\n" % formatdate(time.time(), usegmt=True).encode()
        if date != self._date:
            self._date = date
            self._plain.clear()

    def begin(self, answer: Response | Stream) -> bytes:
        """The head up to, but without, the framing fields and the empty line."""
        if answer.headers:
            return self._render(answer)
        key = (answer.status, answer.content_type)
        head = self._plain.get(key)
        if head is None:
            head = self._plain[key] = self._render(answer)
        return head

    def _render(self, answer: Response | Stream) -> bytes:
        line = _STATUS_LINES.get(answer.status) or b"HTTP/1.1 %d Unknown\r\n" % answer.status
        fields = b"".join(b"%b: %b\r\n" % (name, value) for name, value in header_fields(answer))
        return line + self._date + fields
