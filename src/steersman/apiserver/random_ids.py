"""Random UUIDs (RFC 9562, version 4), made by the hundred: asking for randomness takes longer than all the rest."""

import os

AT_ONCE = 256
_BYTES = 16


class RandomIds:
    __slots__ = ("_ready",)

    def __init__(self) -> None:
        self._ready: list[str] = []

    def next(self) -> str:
        """One that was not given before."""
        if not self._ready:
            digits = os.urandom(AT_ONCE * _BYTES).hex()
            step = 2 * _BYTES
            self._ready = [_formatted(digits[at : at + step]) for at in range(0, len(digits), step)]
        return self._ready.pop()


def _formatted(digits: str) -> str:
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
