"""Single values on the wire, by the types that field tables name: how each is read, and what it is when not sent."""

import struct
from binascii import b2a_base64
from collections.abc import Callable
from math import isfinite
from typing import Any, NamedTuple

from steersman.apis.protobuf.wire import BYTES, FIXED64, VARINT, span, varint

_DOUBLE = struct.Struct("<d")
# Go writes whole numbers below this without a fraction or an exponent.
_WHOLE_BELOW = 1e21


MESSAGE_PARTS = 4
"""What a message costs of a budget, by the memory that its JSON form takes."""


class Budget:
    """What a body may still use up while it is read: parts, which are fields and messages, and levels of messages."""

    __slots__ = ("levels", "parts")

    def __init__(self, parts: int, levels: int) -> None:
        self.parts, self.levels = parts, levels


ReadValue = Callable[[bytes, int, int, Budget], tuple[Any, int]]
"""Body, where the value begins, where it must end at the latest, budget → the JSON value, and where it ends."""


class Scalar(NamedTuple):
    wire_type: int
    read: ReadValue
    zero: Any


def _string(buf: bytes, at: int, end: int, budget: Budget) -> tuple[Any, int]:
    at, stop = span(buf, at, end)
    return buf[at:stop].decode(), stop


def _bytes(buf: bytes, at: int, end: int, budget: Budget) -> tuple[Any, int]:
    at, stop = span(buf, at, end)
    return b2a_base64(buf[at:stop], newline=False).decode(), stop


def _raw(buf: bytes, at: int, end: int, budget: Budget) -> tuple[Any, int]:
    at, stop = span(buf, at, end)
    return buf[at:stop], stop


def _bool(buf: bytes, at: int, end: int, budget: Budget) -> tuple[Any, int]:
    value, at = varint(buf, at)
    return value != 0, at


def _double(buf: bytes, at: int, end: int, budget: Budget) -> tuple[Any, int]:
    (value,) = _DOUBLE.unpack(buf[at : at + 8].ljust(8, b"\0"))
    if not isfinite(value):
        raise ValueError(f"json: unsupported value: {value}")
    return int(value) if value.is_integer() and abs(value) < _WHOLE_BELOW else value, at + 8


def _integer(bits: int, signed: bool) -> ReadValue:
    mask, sign, modulus = (1 << bits) - 1, 1 << (bits - 1) if signed else 1 << bits, 1 << bits

    def read(buf: bytes, at: int, end: int, budget: Budget) -> tuple[Any, int]:
        value = buf[at]
        if value < 0x80:
            return value, at + 1
        value, at = varint(buf, at)
        value &= mask
        return value - modulus if value >= sign else value, at

    return read


SCALARS: dict[str, Scalar] = {
    "string": Scalar(BYTES, _string, ""),
    "bytes": Scalar(BYTES, _bytes, ""),
    "raw": Scalar(BYTES, _raw, b""),
    "bool": Scalar(VARINT, _bool, False),
    "double": Scalar(FIXED64, _double, 0),
    "int32": Scalar(VARINT, _integer(32, True), 0),
    "int64": Scalar(VARINT, _integer(64, True), 0),
    "uint32": Scalar(VARINT, _integer(32, False), 0),
    "uint64": Scalar(VARINT, _integer(64, False), 0),
}
