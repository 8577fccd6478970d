"""How values are written in messages."""

from typing import Any

import orjson

_MAX_RENDERED = 1024


def bounded(value: Any) -> Any:
    """``value``, or the beginning of it as text if it is too long for a message."""
    if isinstance(value, str):
        return value if len(value) <= _MAX_RENDERED else value[:_MAX_RENDERED] + "..."
    if isinstance(value, dict | list):
        text = orjson.dumps(value).decode()
        return value if len(text) <= _MAX_RENDERED else text[:_MAX_RENDERED] + "..."
    return value


def go_number(value: float) -> str:
    """A number as Go's ``%v`` has it: no trailing ``.0``, exponents from 21 digits on."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(value)
