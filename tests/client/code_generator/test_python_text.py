"""Source text: what is quoted means what it was, and nothing gets out of its quotes."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.client.code_generator.python_text import WIDTH, call, docstring, quoted


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet="'\"\\a\n"))
def test_a_quoted_text_is_that_text(text: str) -> None:
    literal = quoted(text)
    assert ast.literal_eval(literal) == text
    assert "\n" not in literal


@given(st.text(alphabet=st.sampled_from("a \"'\\\n\r\t\x00\x0c\u2028\u200b{}#"), max_size=30))
def test_a_docstring_is_one_string_whatever_is_in_the_text(text: str) -> None:
    lines = docstring(text)
    source = "class A:\n" + "\n".join(lines or ["    pass"])
    (definition,) = ast.parse(source).body
    assert isinstance(definition, ast.ClassDef)
    (statement,) = definition.body
    if lines:
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.Constant)
        words = "".join(one if one.isprintable() else " " for one in text).split()
        assert isinstance(statement.value.value, str)
        assert statement.value.value.split() == words


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("  \n ", []),
        ("Short.", ['    """Short."""']),
        ('Ends with "it"', ['    """Ends with "it" """']),
        ('"It" begins', ['    """ "It" begins"""']),
        ("One.\n\n  - two\nThree.\n", ['    """One.', "", "      - two", "    Three.", '    """']),
        ("a\\b", ['    """a\\\\b"""']),
        ('a"""b', ['    """a\\"\\"\\"b"""']),
    ],
)
def test_docstrings(text: str, lines: list[str]) -> None:
    assert docstring(text) == lines


def test_long_lines_of_a_docstring_are_wrapped_within_their_margin() -> None:
    lines = docstring("List:\n  " + "word " * 60 + "\nEnd.")
    assert all(len(line) <= WIDTH for line in lines)
    assert [line[:8] for line in lines[1:-2]] == ["      wo"] * (len(lines) - 3)
    assert len(lines) > 4


def test_arguments_stand_on_a_line_each_if_they_are_too_long_for_one() -> None:
    assert call("f(", ["a", "b"]) == ["f(a, b)"]
    assert call("f(", ["a" * 60, "b" * 60], indent="  ") == ["  f(", f"      {'a' * 60},", f"      {'b' * 60},", "  )"]
