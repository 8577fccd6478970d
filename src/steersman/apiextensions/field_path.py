"""Field paths into a structural schema, as ``selectableFields`` and the rules of ``x-kubernetes-validations`` use them.

A path is a row of ``.name`` and ``['name']`` (KEP-4358, KEP-2876).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TOKEN = re.compile(r"[.\[\]]|'(?:[^'\\]|\\.)*'|[^.\[\]]+", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}
_NO_FIELD = "does not refer to a valid field"
_END = "unexpected end of JSON path"


def resolve_field_path(path: str, schema: Schema, *, brackets: bool = True) -> tuple[tuple[str, ...], Schema]:
    """The path's segments and the schema it leads to; raises ValueError in the words of kube-apiserver."""
    segments: list[str] = []
    tokens = (match[0] for match in _TOKEN.finditer(path))
    for mark in tokens:
        if mark == ".":
            name = _next(tokens)
        elif mark == "[":
            if not brackets:
                raise ValueError("array notation is not allowed")
            name = _unquote(_next(tokens))
            if (closing := _next(tokens)) != "]":
                raise ValueError(f"expected ] but got {closing}")
        else:
            raise ValueError(f"expected [ or . but got: {mark}")
        schema = _enter(schema, name)
        segments.append(name)
    return tuple(segments), schema


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise ValueError(_END)
    return token


def _unquote(token: str) -> str:
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise ValueError(f"expected single quoted string but got {token}")

    def unescape(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise ValueError(f"invalid string literal: invalid escape char {match[0]}")
        return _ESCAPES[match[1]]

    return _ESCAPE.sub(unescape, token[1:-1])


def _enter(schema: Schema, name: str) -> Schema:
    inner = schema["properties"].get(name) if schema.get("properties") else schema.get("additionalProperties")
    if not isinstance(inner, Mapping):
        raise ValueError(_NO_FIELD)
    return inner
