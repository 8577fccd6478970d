import pytest

from steersman.apimachinery.cel import KUBERNETES, Environment

ENVIRONMENT = Environment(libraries=KUBERNETES)


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        ("dns1123Label", "my-label", "My.Label"),
        ("dns1123Subdomain", "a.example.com", "a..b"),
        ("dns1035Label", "a-1", "1-a"),
        ("qualifiedName", "example.com/Name", "example.com/"),
        ("dns1123LabelPrefix", "my-label-", "-label-"),
        ("dns1123SubdomainPrefix", "a.b-", "A.b-"),
        ("dns1035LabelPrefix", "a-", "1b-"),
        ("labelValue", "Value_1", "-value"),
        ("uri", "https://example.com", "example"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
        ("byte", "aGVsbG8=", "*"),
        ("date", "2024-02-29", "2023-02-29"),
        ("datetime", "2024-02-29T12:00:00Z", "2024-02-29"),
    ],
)
def test_each_format_says_what_is_wrong(name: str, valid: str, invalid: str) -> None:
    for format in (f"format.{name}()", f"format.named('{name}').value()"):
        assert ENVIRONMENT.compile(f"!{format}.validate('{valid}').hasValue()").evaluate({}) is True
        problems = ENVIRONMENT.compile(f"{format}.validate('{invalid}').value()").evaluate({})
        assert problems
        assert all(isinstance(problem, str) for problem in problems)


def test_unknown_formats_are_none() -> None:
    assert ENVIRONMENT.compile("format.named('nope').hasValue()").evaluate({}) is False
