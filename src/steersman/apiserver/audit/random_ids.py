"""Random UUIDs (RFC 9562, version 4), made by the hundred: asking for randomness takes longer than all the rest."""

import os

AT_ONCE = 256
_BYTES = 16


class RandomIds:
    __slots__ = ("_ready",)

    def __init__(self) -> None:
        self._ready: list[bytes] = []

    def next(self) -> bytes:
        """One that was not given before, as text."""
        if not self._ready:
            digits = os.urandom(AT_ONCE * _BYTES).hex().encode()
            step = 2 * _BYTES
            self._ready = [_formatted(digits[at : at + step]) for at in range(0, len(digits), step)]
        return self._ready.pop()


def _formatted(digits: bytes) -> bytes:
    variant = b"89ab"[digits[16] % 4]
    return b"%b-%b-4%b-%c%b-%b" % (digits[:8], digits[8:12], digits[13:16], variant, digits[17:20], digits[20:])
