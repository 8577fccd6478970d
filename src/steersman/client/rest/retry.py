"""When a request is sent again, and after how long: client-go's rules, as plain functions.

A server that answers 429 or 5xx with ``Retry-After`` has not done what was asked, whatever the method. A connection
that is lost says nothing of that, so then only what changes nothing is sent again.
"""

from steersman.client.transport import HeaderFields

MAX_RETRIES = 10

MAX_RETRY_AFTER = 60
"""Seconds that a request waits because a server says so; where it asks for more, the caller is told instead."""

_SHORTEST, _LONGEST = 0.1, 2.0
_SPREAD = 0.1
_HARMLESS = frozenset(("GET", "HEAD", "OPTIONS"))


def retry_after(headers: HeaderFields) -> int | None:
    """The seconds of ``Retry-After``, None where it is missing or a date, which API servers do not send."""
    text = next((value.strip() for name, value in headers if name == "retry-after"), "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def wait_after_refusal(attempt: int, status: int, asked: int | None, chance: float) -> float | None:
    """Seconds until the next try of a request that was answered ``status``, None if there is to be none.

    ``attempt`` counts from 1, ``asked`` is :func:`retry_after`, ``chance`` in 0…1 keeps many clients apart.
    """
    if asked is None or asked > MAX_RETRY_AFTER or attempt > MAX_RETRIES or (status != 429 and status < 500):
        return None
    return asked * (1 + _SPREAD * chance)


def wait_after_loss(attempt: int, method: str, chance: float) -> float | None:
    """Seconds until the next try of a request whose connection was lost, None if there is to be none.

    The first comes at once: most often the server has closed a connection that was idle, just when it was used again.
    """
    if method not in _HARMLESS or attempt > MAX_RETRIES:
        return None
    wait: float = 0.0 if attempt == 1 else min(_LONGEST, _SHORTEST * 2 ** (attempt - 2))
    return wait * (1 + _SPREAD * chance)
