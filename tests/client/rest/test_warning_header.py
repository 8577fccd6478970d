"""Warnings as servers write them, and as they should not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.client.rest.warning_header import ParsedWarning, parse_warnings


@pytest.mark.parametrize(
    ("value", "warnings"),
    [
        ('299 - "v1beta1 is deprecated"', [(299, "-", "v1beta1 is deprecated")]),
        ('299 - "unknown field \\"spec\\""', [(299, "-", 'unknown field "spec"')]),
        (r'299 - "a \\ b"', [(299, "-", r"a \ b")]),
        ('299 - ""', [(299, "-", "")]),
        ('299 - "one", 299 - "two"', [(299, "-", "one"), (299, "-", "two")]),
        ('299 - "one",299 - "two, with a comma"', [(299, "-", "one"), (299, "-", "two, with a comma")]),
        ('112 host:80 "cut off" "Wed, 21 Oct 2015 07:28:00 GMT"', [(112, "host:80", "cut off")]),
        ('299 - "für alle"', [(299, "-", "für alle")]),
        ("", []),
        ("deprecated", []),
        ('29 - "two digits"', []),
        ("299 - unquoted", []),
        ('299 - "no end', []),
        ('299 - "no end\\"', []),
        ('299 "no agent"', []),
        ('299 - "after" it', []),
        ('299 - "escape \x1b[31m"', []),
        ('299 - "bytes \udcff"', []),
        ('299 - "good", nonsense, 299 - "passed over"', [(299, "-", "good")]),
    ],
)
def test_parsing(value: str, warnings: list[ParsedWarning]) -> None:
    assert list(parse_warnings(value)) == warnings


@given(st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")) | st.just(" "))))
def test_quoting_is_undone(texts: list[str]) -> None:
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    value = ", ".join(f'299 - "{text}"' for text in quoted)
    assert [text for _, _, text in parse_warnings(value)] == texts


@given(st.text())
def test_whatever_comes_raises_nothing(value: str) -> None:
    list(parse_warnings(value))
