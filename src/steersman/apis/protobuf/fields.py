"""Readers of fields: each reads one field's value and puts it where the JSON form of its message has it."""

from collections.abc import Callable
from typing import Any, Protocol

from steersman.apis.protobuf.json_forms import Form
from steersman.apis.protobuf.values import SCALARS, Budget, ReadValue
from steersman.apis.protobuf.wire import BYTES, UNEXPECTED_END, skip, span, varint

ReadField = Callable[[bytes, int, int, dict[str, Any], Budget], int]
"""Body, where the field's value begins, where its message ends, the fields read so far, budget → where it ends."""
Zero = Callable[[Budget], Any]
"""The JSON form of a value that was not sent."""

_KEY_TAG = 1 << 3 | BYTES


class MessageReader(Protocol):
    """What the readers here need of a message; see ``messages.Message``."""

    form: Form | None

    def decode(self, buf: bytes, at: int, end: int, budget: Budget) -> Any: ...

    def merge(self, buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> None: ...


def text(name: str, kept_when_empty: bool) -> ReadField:
    """Of a string: what :func:`one` and :func:`omitted` do, without their steps, for most of what is sent."""

    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        at, stop = span(buf, at, end)
        if stop > at or kept_when_empty:
            out[name] = buf[at:stop].decode()
        else:
            out.pop(name, None)
        return stop

    return reader


def one(name: str, read: ReadValue) -> ReadField:
    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        out[name], at = read(buf, at, end, budget)
        return at

    return reader


def omitted(name: str, read: ReadValue, zero: Zero) -> ReadField:
    """Of a field that is not there when it has its zero value."""

    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        value, at = read(buf, at, end, budget)
        if value != zero(budget):
            out[name] = value
        else:
            out.pop(name, None)
        return at

    return reader


def message(name: str, message: MessageReader) -> ReadField:
    """Of a field that is a message; one that was sent in parts is put together."""

    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        at, stop = span(buf, at, end)
        before = out.get(name)
        if message.form is None and before is not None:
            message.merge(buf, at, stop, before, budget)
        else:
            out[name] = message.decode(buf, at, stop, budget)
        return stop

    return reader


def embedded(message: MessageReader) -> ReadField:
    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        at, stop = span(buf, at, end)
        message.merge(buf, at, stop, out, budget)
        return stop

    return reader


def list_of(name: str, read: ReadValue) -> ReadField:
    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        value, at = read(buf, at, end, budget)
        before = out.get(name)
        if before is None:
            out[name] = [value]
        else:
            before.append(value)
        return at

    return reader


def packed(element: ReadField) -> ReadField:
    """Of a list of numbers that were sent as one value."""

    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        at, stop = span(buf, at, end)
        # Each takes at least a byte; what is left is looked at when the message ends.
        budget.parts -= stop - at
        while at < stop and budget.parts >= 0:
            at = element(buf, at, stop, out, budget)
        if at > stop:
            raise ValueError(UNEXPECTED_END)
        return stop

    return reader


def map_of(name: str, wire_type: int, read: ReadValue, zero: Zero) -> ReadField:
    read_key, value_tag = SCALARS["string"].read, 2 << 3 | wire_type

    def reader(buf: bytes, at: int, end: int, out: dict[str, Any], budget: Budget) -> int:
        at, stop = span(buf, at, end)
        key, value = "", zero
        while at < stop:
            tag, at = varint(buf, at)
            if tag == _KEY_TAG:
                key, at = read_key(buf, at, stop, budget)
            elif tag == value_tag:
                value, at = read(buf, at, stop, budget)
            else:
                at = skip(buf, at, stop, tag)
        if at != stop:
            raise ValueError(UNEXPECTED_END)
        if value is zero:
            value = zero(budget)
        before = out.get(name)
        if before is None:
            out[name] = {key: value}
        else:
            before[key] = value
        return stop

    return reader
