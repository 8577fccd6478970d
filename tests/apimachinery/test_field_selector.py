from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.field_selector import (
    EVERYTHING,
    FieldSelector,
    Requirement,
    check_field_labels,
    escape,
    parse,
    unescape,
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("", ""),
        (",", ""),
        ("a=b", "a=b"),
        ("a==b", "a=b"),
        ("a!=b", "a!=b"),
        ("c=d,a=b", "a=b,c=d"),
        ("a=b,,a==b", "a=b"),
        ("a=", "a="),
        (r"a=b\,c\=d\\", r"a=b\,c\=d\\"),
        ("metadata.name= x", "metadata.name= x"),
    ],
)
def test_the_canonical_form(text: str, canonical: str) -> None:
    selector = parse(text)

    assert str(selector) == canonical
    assert selector.empty == (canonical == "")
    assert parse(canonical) == selector
    assert hash(parse(canonical)) == hash(selector)


def test_requirements_are_unescaped() -> None:
    assert parse(r"a!=b\,c\=d\\,e=f").requirements == (Requirement("a", "!=", "b,c=d\\"), Requirement("e", "=", "f"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "invalid selector: 'a'; can't understand 'a'"),
        ("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"),
        (r"a\,b", r"invalid selector: 'a\,b'; can't understand 'a\,b'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        (r"a=\n", r"invalid field selector: invalid escape sequence: \n"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_a_bad_selector_is_a_bad_request(text: str, message: str) -> None:
    with pytest.raises(ApiError) as error:
        parse(text)

    assert (error.value.code, error.value.reason, error.value.message) == (400, "BadRequest", message)


@pytest.mark.parametrize(
    ("text", "fields", "selected"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a=b", {"a": "c"}, False),
        ("a=b", {}, False),
        ("a=", {}, True),
        ("a!=", {}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a=b,c!=d", {"a": "b", "c": "e"}, True),
        ("a=b,c!=d", {"a": "b", "c": "d"}, False),
        (r"a=\,", {"a": ","}, True),
    ],
)
def test_what_is_selected(text: str, fields: dict[str, str], selected: bool) -> None:
    assert parse(text).matches(fields) is selected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("metadata.name=a", "a"),
        ("metadata.namespace=b,metadata.name==a", "a"),
        ("metadata.name!=a", None),
        ("metadata.name!=a,metadata.name=b", "b"),
        ("metadata.namespace=a", None),
        ("metadata.name=", ""),
    ],
)
def test_the_value_a_field_must_have(text: str, value: str | None) -> None:
    assert parse(text).required_value("metadata.name") == value


def test_an_unsupported_label_is_a_bad_request() -> None:
    with pytest.raises(ApiError) as error:
        check_field_labels(parse("metadata.name=a,spec.foo!=b"), {"metadata.name"})

    assert (error.value.code, error.value.reason) == (400, "BadRequest")
    assert error.value.message == "field label not supported: spec.foo"


def test_supported_labels_pass() -> None:
    check_field_labels(parse("metadata.name=a,spec.foo=b"), {"metadata.name", "spec.foo"})


@given(st.text())
def test_escaping_round_trips(value: str) -> None:
    assert unescape(escape(value)) == value


requirements = st.builds(
    Requirement, st.from_regex(r"[a-z.]{1,4}", fullmatch=True), st.sampled_from(["=", "!="]), st.text(max_size=4)
)


@given(st.lists(requirements, max_size=4))
def test_the_string_round_trips(chosen: list[Requirement]) -> None:
    selector = FieldSelector(chosen)

    assert parse(str(selector)) == selector
    assert parse(str(selector)).requirements == selector.requirements


@given(st.text(alphabet="ab,=!\\ \n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ApiError):
        selector = parse(text)

        assert parse(str(selector)) == selector


def test_everything_is_what_no_text_selects() -> None:
    assert parse("") == EVERYTHING
    assert EVERYTHING.empty
    assert parse("a=b") != EVERYTHING
