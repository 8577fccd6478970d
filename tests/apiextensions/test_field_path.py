"""Field paths into a schema."""

from typing import Any

import pytest

from steersman.apiextensions.field_path import resolve_field_path

SIZE: dict[str, Any] = {"type": "integer"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {"size": SIZE, "a.b": SIZE, "it's": SIZE, "\\": SIZE},
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "list": {"type": "array", "items": SIZE},
        "any": {"type": "object", "additionalProperties": True},
    },
}


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        (".spec.size", ("spec", "size")),
        (".spec['a.b']", ("spec", "a.b")),
        ("['spec']['size']", ("spec", "size")),
        (r".spec['it\'s']", ("spec", "it's")),
        (r".spec['\\']", ("spec", "\\")),
        (".labels.app", ("labels", "app")),
        (".labels['app']", ("labels", "app")),
    ],
)
def test_leads_to_a_field(path: str, segments: tuple[str, ...]) -> None:
    found, schema = resolve_field_path(path, SCHEMA)
    assert found == segments
    assert schema["type"] in ("integer", "string")


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("spec", "expected [ or . but got: spec"),
        (".spec.other", "does not refer to a valid field"),
        (".spec.size.more", "does not refer to a valid field"),
        (".any.more", "does not refer to a valid field"),
        (".list[0]", "expected single quoted string but got 0"),
        (".spec.", "unexpected end of JSON path"),
        (".spec[", "unexpected end of JSON path"),
        (".spec['size'", "unexpected end of JSON path"),
        (".spec['size'.", "expected ] but got ."),
        (r".spec['\x']", r"invalid string literal: invalid escape char \x"),
    ],
)
def test_says_what_is_wrong(path: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        resolve_field_path(path, SCHEMA)
    assert str(caught.value) == problem


def test_brackets_can_be_refused() -> None:
    with pytest.raises(ValueError, match="array notation is not allowed"):
        resolve_field_path(".spec['size']", SCHEMA, brackets=False)
