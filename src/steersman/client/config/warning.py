"""Who hears of the ``Warning`` headers in responses (RFC 7234 section 5.5, KEP-1693)."""

import logging
from typing import Protocol

_log = logging.getLogger(__name__)

_MISCELLANEOUS = 299


class WarningHandler(Protocol):
    """Called once for each ``Warning`` header: ``code`` (299), ``agent`` (``-``) and ``text``, unquoted."""

    def __call__(self, code: int, agent: str, text: str, /) -> None: ...


def log_warning(code: int, agent: str, text: str, /) -> None:
    """The default: logs a text that came with code 299, as client-go does."""
    if code == _MISCELLANEOUS and text:
        _log.warning("%s", text)


def ignore_warning(code: int, agent: str, text: str, /) -> None:
    """Drops it."""
