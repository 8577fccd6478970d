import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery import names

SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
DNS1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize("value", ["a", "0", "a-b", "123-abc", "a" * 63])
def test_a_dns1123_label_is_accepted(value: str) -> None:
    assert names.check_dns1123_label(value) == []


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ("", [LABEL_RULE]),
        ("-a", [LABEL_RULE]),
        ("a-", [LABEL_RULE]),
        ("A", [LABEL_RULE]),
        ("a\n", [LABEL_RULE]),
        ("a_b", [LABEL_RULE]),
        ("a.b", ["must not contain dots"]),
        ("a" * 64, ["must be no more than 63 characters"]),
        ("é" * 32, ["must be no more than 63 characters", LABEL_RULE]),
    ],
)
def test_a_bad_dns1123_label_is_explained(value: str, errors: list[str]) -> None:
    assert names.check_dns1123_label(value) == errors


@pytest.mark.parametrize("value", ["a", "example.com", "1.2.3", "a-b.c-d", "a" * 253])
def test_a_dns1123_subdomain_is_accepted(value: str) -> None:
    assert names.check_dns1123_subdomain(value) == []


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ("", [SUBDOMAIN_RULE]),
        ("X", [SUBDOMAIN_RULE]),
        (".a", [SUBDOMAIN_RULE]),
        ("a..b", [SUBDOMAIN_RULE]),
        ("a.b.", [SUBDOMAIN_RULE]),
        ("a.-b", [SUBDOMAIN_RULE]),
        ("a.b\n", [SUBDOMAIN_RULE]),
        ("a" * 254, ["must be no more than 253 characters"]),
    ],
)
def test_a_bad_dns1123_subdomain_is_explained(value: str, errors: list[str]) -> None:
    assert names.check_dns1123_subdomain(value) == errors


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ("my-name", []),
        ("a1", []),
        ("1a", [DNS1035_RULE]),
        ("a.b", [DNS1035_RULE]),
        ("a" * 64, ["must be no more than 63 characters"]),
    ],
)
def test_dns1035_labels(value: str, errors: list[str]) -> None:
    assert names.check_dns1035_label(value) == errors


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ("system:node", []),
        ("...", []),
        (".", ["may not be '.'"]),
        ("..", ["may not be '..'"]),
        ("a/b%c", ["may not contain '/'", "may not contain '%'"]),
    ],
)
def test_path_segments(value: str, errors: list[str]) -> None:
    assert names.check_path_segment(value) == errors


@pytest.mark.parametrize(
    "value", ["a", "A", "a_b.c-d", "1", "example.com/MyName", "a" * 63, "b" * 253 + "/" + "a" * 63, "a.b.c/x_y"]
)
def test_a_label_key_is_accepted(value: str) -> None:
    assert names.check_label_key(value) == []


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ("", ["name part must be non-empty", f"name part {KEY_RULE}"]),
        ("-a", [f"name part {KEY_RULE}"]),
        ("a b", [f"name part {KEY_RULE}"]),
        ("a\n", [f"name part {KEY_RULE}"]),
        ("/a", ["prefix part must be non-empty"]),
        ("A/a", [f"prefix part {SUBDOMAIN_RULE}"]),
        ("a_b/a", [f"prefix part {SUBDOMAIN_RULE}"]),
        ("a/", ["name part must be non-empty", f"name part {KEY_RULE}"]),
        ("a" * 64, ["name part must be no more than 63 bytes"]),
        ("a" * 254 + "/a", ["prefix part must be no more than 253 bytes"]),
        (
            "a/b/c",
            [f"a valid label key {KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"],
        ),
    ],
)
def test_a_bad_label_key_is_explained(value: str, errors: list[str]) -> None:
    assert names.check_label_key(value) == errors


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ("", []),
        ("12345", []),
        ("my_value", []),
        ("a" * 63, []),
        ("a" * 64, ["must be no more than 63 bytes"]),
        ("-", [VALUE_RULE]),
        ("a b", [VALUE_RULE]),
        ("a\n", [VALUE_RULE]),
    ],
)
def test_label_values(value: str, errors: list[str]) -> None:
    assert names.check_label_value(value) == errors


@pytest.mark.parametrize(
    ("validator", "name", "as_prefix", "as_name"),
    [
        (names.subdomain_name, "web-", [], [SUBDOMAIN_RULE]),
        (names.label_name, "web-", [], [LABEL_RULE]),
        (names.dns1035_label_name, "web-", [], [DNS1035_RULE]),
        (names.path_segment_name, ".", [], ["may not be '.'"]),
        (names.subdomain_name, "-", [SUBDOMAIN_RULE], [SUBDOMAIN_RULE]),
    ],
)
def test_a_prefix_may_end_as_a_name_may_not(
    validator: names.NameValidator, name: str, as_prefix: list[str], as_name: list[str]
) -> None:
    assert validator(name, True) == as_prefix
    assert validator(name, False) == as_name


@given(prefix=st.from_regex(r"[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?-?", fullmatch=True), seed=st.integers())
def test_a_generated_name_is_a_valid_label_with_the_prefix(prefix: str, seed: int) -> None:
    name = names.generate_name(prefix, random.Random(seed).randrange)

    assert names.check_dns1123_label(name) == []
    assert name[:-5] == prefix[:58]


def test_a_generated_suffix_uses_the_whole_alphabet() -> None:
    randrange = random.Random(1).randrange
    seen = {letter for _ in range(200) for letter in names.generate_name("x-", randrange)[2:]}

    assert seen == set("bcdfghjklmnpqrstvwxz2456789")
