"""``Warning`` headers as they are parsed by client-go (RFC 7234 section 5.5, KEP-1693)."""

import re
from collections.abc import Iterator

ParsedWarning = tuple[int, str, str]
"""Code, agent, text."""

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_WARNING = re.compile(rf"\s*([0-9]{{3}}) ([^\s\"]+) {_QUOTED}(?: {_QUOTED})?\s*(?:,|$)")
_ESCAPE = re.compile(r"\\(.)")


def parse_warnings(value: str) -> Iterator[ParsedWarning]:
    """The warnings in one header's value; from what is malformed on, the rest is passed over."""
    position = 0
    while position < len(value):
        found = _WARNING.match(value, position)
        if found is None:
            return
        position = found.end()
        text = _ESCAPE.sub(r"\1", found[3])
        # Control characters could write into a terminal what they like; bytes that are no UTF-8 are not printable.
        if not text.isprintable():
            return
        yield int(found[1]), found[2], text
