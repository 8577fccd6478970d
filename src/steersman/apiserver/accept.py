"""The Accept header: which representations a client takes, best first (RFC 9110, section 12.5.1)."""

from functools import lru_cache
from typing import NamedTuple


class MediaRange(NamedTuple):
    """One range of an Accept header: lower-case ``type/subtype`` (either may be ``*``) and its parameters but q."""

    media: str
    parameters: dict[str, str]

    def matches(self, media: str) -> bool:
        """Whether ``media`` (``type/subtype``, lower case) lies in this range; parameters are not looked at."""
        mine, _, sub = self.media.partition("/")
        kind, _, subtype = media.partition("/")
        return mine in ("*", kind) and sub in ("*", subtype)


@lru_cache(maxsize=256)
def media_ranges(accept: bytes) -> tuple[MediaRange, ...]:
    """The ranges of an Accept header by falling quality, then as listed; all media when the header is empty.

    A range with quality 0 is left out; an unreadable quality counts as 1, as in kube-apiserver.
    """
    if not accept.strip():
        return (MediaRange("*/*", {}),)
    ranges = [_parse(text) for text in accept.decode("latin-1").split(",") if text.strip()]
    return tuple(found for quality, found in sorted(ranges, key=lambda one: -one[0]) if quality > 0)


def _parse(text: str) -> tuple[float, MediaRange]:
    media, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    parameters = {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
    try:
        quality = float(parameters.pop("q", "1"))
    except ValueError:
        quality = 1.0
    return quality, MediaRange(media.strip().lower(), parameters)
