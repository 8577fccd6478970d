"""An object as text, whatever its kind: kubectl's description of kinds that it does not know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.strategic_merge.directives import go_value
from steersman.cli.applying.last_applied import LAST_APPLIED
from steersman.cli.describing.label_text import label_text
from steersman.cli.pending.turn import turn
from steersman.cli.printing.tab_writer import align

Json = dict[str, Any]
Line = list[str]

_SHOWN_BEFORE = frozenset(f".metadata.{one}" for one in ("managedFields", "name", "namespace", "labels", "annotations"))
_LONG = 140
"""Characters from which an annotation has lines of its own."""


def describe_object(obj: Json, events: Sequence[Sequence[str]] | None) -> str:
    """The description; ``events`` are rows of type, reason, age, source and message, None to leave them out."""
    metadata = obj["metadata"]
    lines: list[Line] = [["Name:", metadata["name"]], ["Namespace:", metadata.get("namespace") or ""]]
    lines += _pairs("Labels:", [[f"{key}={value}"] for key, value in sorted((metadata.get("labels") or {}).items())])
    lines += _pairs("Annotations:", list(_annotations(metadata.get("annotations") or {})))
    lines += _fields(obj, 0, "")
    if waiting := _waiting(metadata):
        lines.append(["Waiting For:", waiting])
    if events is None:
        return _align(lines)
    if not events:
        return _align([*lines, ["Events:", "<none>"]])
    head = [["  Type", "Reason", "Age", "From", "Message"], ["  ----", "------", "----", "----", "-------"]]
    return _align(lines) + _align([["Events:"], *head, *([f"  {row[0]}", *row[1:]] for row in events)])


def _align(lines: Sequence[Line]) -> str:
    return align(lines, min_width=0, padding=2)


def _pairs(title: str, entries: Sequence[Line]) -> Iterator[Line]:
    """The first one beside the title, the others below it."""
    for position, entry in enumerate(entries or [["<none>"]]):
        yield [title if not position else "", *entry]


def _annotations(annotations: Mapping[str, str]) -> Iterator[Line]:
    for key, value in sorted(annotations.items()):
        if key == LAST_APPLIED:
            continue
        text = value.removesuffix("\n")
        if len(text) + len(key) + 2 < _LONG and "\n" not in text:
            yield [f"{key}: {text}"]
            continue
        yield [f"{key}:"]
        for line in text.split("\n"):
            yield [f"  {line if len(line) <= _LONG - 2 else line[: _LONG - 2] + '...'}"]


def _fields(content: Mapping[str, Any], level: int, place: str) -> Iterator[Line]:
    indent = "  " * level
    for field in sorted(content):
        value, path = content[field], f"{place}.{field}"
        label = f"{indent}{label_text(field)}:"
        match value:
            case _ if path in _SHOWN_BEFORE:
                continue
            case dict():
                yield [label]
                yield from _fields(value, level + 1, path)
            case list():
                yield [label]
                for child in value:
                    if isinstance(child, dict):
                        yield from _fields(child, level + 1, path)
                    else:
                        yield [f"{indent}  {go_value(child)}"]
            case _:
                yield [label, go_value(value)]


def _waiting(metadata: Mapping[str, Any]) -> str:
    """Whose turn it is with an object that is not initialized, and who comes after."""
    now_asked, later = turn(metadata.get("initializers"))
    if not now_asked:
        return ""
    after = f", then {', '.join(later)}" if later else ""
    return f"initializer {' and '.join(now_asked)}{after}"
