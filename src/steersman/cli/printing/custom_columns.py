"""``-o custom-columns=NAME:.metadata.name,AGE:.metadata.creationTimestamp``."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from steersman.apimachinery.jsonpath import JSONPath
from steersman.apimachinery.strategic_merge.directives import go_value
from steersman.cli.printing.tab_writer import align

# kubectl takes the dot, and the braces, or not.
_RELAXED = re.compile(r"\{\.?(?P<braced>[^{}]+)\}|\.?(?P<bare>[^{}]+)")


class CustomColumn(NamedTuple):
    header: str
    find: Callable[[Any], list[Any]]


def parse_columns(spec: str) -> list[CustomColumn]:
    """Raises ValueError."""
    if not spec:
        raise ValueError("custom-columns format specified but no custom columns given")
    columns = []
    for part in spec.split(","):
        header, colon, path = part.partition(":")
        if not colon or not header or not path:
            raise ValueError(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        columns.append(CustomColumn(header, _find(path)))
    return columns


def parse_columns_file(text: str) -> list[CustomColumn]:
    """A line of headers and one of paths, both with spaces between. Raises ValueError."""
    lines = text.splitlines()
    headers, paths = (lines[0].split(), lines[1].split()) if len(lines) > 1 else ([], [])
    if not headers or len(headers) != len(paths):
        raise ValueError(f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match")
    return [CustomColumn(header, _find(path)) for header, path in zip(headers, paths, strict=True)]


def _find(path: str) -> Callable[[Any], list[Any]]:
    match = _RELAXED.fullmatch(path)
    if not match:
        raise ValueError(f"unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{{.name1}}': {path}")
    inner = match["braced"] or match["bare"]
    return JSONPath.compile(inner if inner.startswith("[") else f".{inner}").find


def print_columns(columns: list[CustomColumn], objects: Iterable[Any], *, headers: bool) -> str:
    lines = [[column.header for column in columns]] if headers else []
    lines += [[",".join(map(go_value, column.find(obj))) or "<none>" for column in columns] for obj in objects]
    return align(lines, min_width=6, padding=3)
