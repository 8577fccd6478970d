"""JSON as Go's encoder writes it: keys sorted, and what HTML minds escaped."""

import json
from typing import Any

_HTML = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def compact_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).translate(_HTML)


def print_json(value: Any, indent: int = 4) -> str:
    """With ``indent`` spaces a level, and a line end."""
    return json.dumps(value, indent=indent, sort_keys=True, ensure_ascii=False).translate(_HTML) + "\n"
