"""Templates of JSONPath."""

import pytest

from steersman.cli.printing.custom_columns import parse_columns, parse_columns_file, print_columns
from steersman.cli.printing.jsonpath_template import compile_template

VALUE = {"kind": "List", "items": [{"n": "a", "v": [1, 2]}, {"n": "b", "v": {"x": "<"}}]}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.kind}", "List"),
        ("plain {.kind} text", "plain List text"),
        ("{.items[*].n}", "a b"),
        ("{.items[0].v}", "[1,2]"),
        ("{.items[1].v}", '{"x":"\\u003c"}'),
        ("{.missing}", ""),
        ('{range .items[*]}{.n}{"\\t"}{$.kind}{"\\n"}{end}.', "a\tList\nb\tList\n."),
        ("{range .items[*]}{range .v[*]}{@}{','}{end}{end}", "1,2,"),
        ('{"{braces}"}', "{braces}"),
        ("{.items[?(@.n=='b')].v.x}", "<"),
    ],
)
def test_what_templates_give(template: str, text: str) -> None:
    assert compile_template(template)(VALUE) == text


@pytest.mark.parametrize("template", ["{.a", "{range .a}{.b}", "{end}", "{.a[}"])
def test_what_is_no_template(template: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        compile_template(template)


def test_custom_columns_of_a_file() -> None:
    columns = parse_columns_file("NAME VALUE\n.n .v\n")
    assert print_columns(columns, VALUE["items"], headers=True) == "NAME   VALUE\na      [1 2]\nb      map[x:<]\n"


@pytest.mark.parametrize("spec", ["", "NAME", "NAME:", "NAME:{.a", "NAME:.a[", ":.a"])
def test_what_are_no_custom_columns(spec: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_columns(spec)
