from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.label_selector import (
    EVERYTHING,
    Requirement,
    Selector,
    from_label_selector,
    parse,
)

NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        (" \t", ""),
        ("a=b", "a=b"),
        ("a==b", "a=b"),
        (" a = b ", "a=b"),
        ("a=", "a="),
        ("a=,b", "a=,b"),
        ("a!=b", "a!=b"),
        ("a", "a"),
        ("!a", "!a"),
        ("! a", "!a"),
        ("c,b=1,a", "a,b=1,c"),
        ("a in (y,x,y)", "a in (x,y)"),
        ("a notin(x)", "a notin (x)"),
        ("a in ()", "a in ()"),
        ("a in (,)", "a in ()"),
        ("a in (,x)", "a in (,x)"),
        ("a in (x,)", "a in (,x)"),
        ("a in (x,,y)", "a in (,x,y)"),
        ("x>1", "x>1"),
        ("x < 5", "x<5"),
        ("in in (in,notin)", "in in (in,notin)"),
        ("notin=in", "notin=in"),
        ("!in", "!in"),
        ("example.com/a=b", "example.com/a=b"),
        ("a=b,a=b", "a=b"),
        ("a=c,a=b", "a=b,a=c"),
    ],
)
def test_the_canonical_form(text: str, canonical: str) -> None:
    selector = parse(text)

    assert str(selector) == canonical
    assert selector.empty == (canonical == "")
    assert parse(canonical) == selector
    assert hash(parse(canonical)) == hash(selector)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",", "found ',', expected: !, identifier, or 'end of string'"),
        ("=b", "found '=', expected: !, identifier, or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a,,b", "found ',', expected: identifier after ','"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a in (b) c", "found 'c', expected: ',' or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!!a", "unable to parse requirement: found '!', expected: identifier"),
        ("-a", f'unable to parse requirement: <nil>: Invalid value: "-a": {NAME_RULE}'),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=!b", "unable to parse requirement: found '!', expected: identifier"),
        ("a===b", "unable to parse requirement: found '=', expected: identifier"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"),
        ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
        ("a in (b,=)", "unable to parse requirement: found '=', expected: ',', or identifier"),
        ("a=-", f'unable to parse requirement: values[0][a]: Invalid value: "-": {VALUE_RULE}'),
        (
            "a in (-,_)",
            f'unable to parse requirement: [values[0][a]: Invalid value: "-": {VALUE_RULE}, '
            f'values[1][a]: Invalid value: "_": {VALUE_RULE}]',
        ),
        (
            "a>b",
            'unable to parse requirement: values[0]: Invalid value: "b": '
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        (
            "a<9223372036854775808",
            'unable to parse requirement: values[0]: Invalid value: "9223372036854775808": '
            "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ],
)
def test_a_bad_selector_is_a_bad_request(text: str, message: str) -> None:
    with pytest.raises(ApiError) as error:
        parse(text)

    assert (error.value.code, error.value.reason, error.value.message) == (400, "BadRequest", message)


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a=b", {"a": "c"}, False),
        ("a=b", {}, False),
        ("a=", {}, False),
        ("a=", {"a": ""}, True),
        ("a!=b", {"a": "c"}, True),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a!=", {}, True),
        ("a in (b,c)", {"a": "c"}, True),
        ("a in (b,c)", {"a": "d"}, False),
        ("a in (b,c)", {}, False),
        ("a in (,c)", {}, False),
        ("a in (b)", {"a": "b"}, True),
        ("a notin (b,c)", {"a": "c"}, False),
        ("a notin (b,c)", {"a": "d"}, True),
        ("a notin (b,c)", {}, True),
        ("a notin (b)", {"a": "b"}, False),
        ("a", {"a": ""}, True),
        ("a", {}, False),
        ("!a", {}, True),
        ("!a", {"a": ""}, False),
        ("a>1", {"a": "2"}, True),
        ("a>1", {"a": "1"}, False),
        ("a>1", {"a": "x"}, False),
        ("a>1", {}, False),
        ("a<10", {"a": "9"}, True),
        ("a<10", {"a": "9" * 19}, False),
        ("a>1", {"a": "9" * 19}, False),
        ("a=b,c", {"a": "b"}, False),
        ("a=b,c", {"a": "b", "c": "d"}, True),
    ],
)
def test_what_is_selected(text: str, labels: dict[str, str], selected: bool) -> None:
    assert parse(text).matches(labels) is selected


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, ""),
        ({"matchLabels": {"b": "1", "a": "2"}}, "a=2,b=1"),
        ({"matchLabels": None, "matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}]}, "a in (x,y)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": []}]}, "!a"),
    ],
)
def test_the_object_form_says_the_same(selector: dict[str, Any], text: str) -> None:
    assert from_label_selector(selector) == parse(text)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"key": "a", "operator": "in", "values": ["b"]}, '"in" is not a valid label selector operator'),
        (
            {"key": "a", "operator": "In"},
            "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            {"key": "a", "operator": "Exists", "values": ["b"]},
            'values: Invalid value: ["b"]: values set must be empty for exists and does not exist',
        ),
        (
            {"key": "-", "operator": "In", "values": ["-"]},
            f'[key: Invalid value: "-": {NAME_RULE}, values[0][-]: Invalid value: "-": {VALUE_RULE}]',
        ),
    ],
)
def test_a_bad_object_form_is_explained(expression: dict[str, Any], message: str) -> None:
    selector = {"matchExpressions": [expression]}

    with pytest.raises(ApiError) as error:
        from_label_selector(selector)

    assert (error.value.code, error.value.message) == (400, message)


names = st.sampled_from(["a", "b", "in", "notin", "example.com/c"])
values = st.sampled_from(["", "x", "y", "in", "notin", "1", "2"])
requirements = st.one_of(
    st.builds(lambda k, o, v: Requirement(k, o, (v,)), names, st.sampled_from(["=", "!="]), values),
    st.builds(lambda k, o: Requirement(k, o), names, st.sampled_from(["exists", "!"])),
    st.builds(
        lambda k, o, v: Requirement(k, o, tuple(sorted(v))),
        names,
        st.sampled_from(["in", "notin"]),
        st.sets(values, min_size=1),
    ),
    st.builds(lambda k, o, v: Requirement(k, o, (v,)), names, st.sampled_from(["gt", "lt"]), st.sampled_from("123")),
)


@given(st.lists(requirements, max_size=5), st.dictionaries(names, values))
def test_the_string_round_trips(chosen: list[Requirement], labels: dict[str, str]) -> None:
    selector = Selector(chosen)
    again = parse(str(selector))

    assert again == selector
    assert again.requirements == selector.requirements
    assert again.matches(labels) == selector.matches(labels)


@given(st.text(alphabet="ab,=!()<> in"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ApiError):
        selector = parse(text)

        assert parse(str(selector)) == selector


def test_everything_is_what_no_text_selects() -> None:
    assert parse("") == EVERYTHING
    assert EVERYTHING.empty
    assert parse("a") != EVERYTHING
