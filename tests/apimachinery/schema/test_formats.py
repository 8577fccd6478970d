"""String formats: what each takes and refuses."""

import pytest

from steersman.apimachinery.schema.formats import string_format

GOOD_AND_BAD: list[tuple[str, list[str], list[str]]] = [
    ("date", ["2024-02-29", "0000-12-31"], ["2023-02-29", "2024-13-01", "20240101", "2024-1-1", ""]),
    (
        "date-time",
        ["2024-01-01T00:00:00Z", "2024-01-01t23:59:59.123456789+01:00"],
        ["2024-01-01T24:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2024-02-30T00:00:00Z", "", "x"],
    ),
    ("duration", ["0", "1h30m", "-1.5s", ".5ms", "3 days", "22 ns", "2 Weeks"], ["", "1", "1.5", "h", "3 fortnights"]),
    ("ipv4", ["10.0.0.1", "010.0.0.1", "::ffff:1.2.3.4"], ["256.0.0.1", "1.2.3", "1.2.3.4.5", "::1", ""]),
    ("ipv6", ["::1", "2001:db8::8a2e:370:7334", "::ffff:1.2.3.4"], ["1.2.3.4", "fe80::1%eth0", "1::2::3", ""]),
    ("cidr", ["10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"], ["10.0.0.0/33", "10.0.0.0", "::/129", "10.0.0.0/-1"]),
    ("mac", ["01:23:45:67:89:ab", "01-23-45-67-89-ab-cd-ef", "0123.4567.89ab"], ["01:23:45:67:89", "01:23-45:67"]),
    ("uuid", ["123E4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000"], ["123e4567", ""]),
    ("uuid3", ["123e4567-e89b-32d3-a456-426614174000"], ["123e4567-e89b-42d3-a456-426614174000"]),
    ("uuid4", ["123e4567-e89b-42d3-a456-426614174000"], ["123e4567-e89b-42d3-c456-426614174000"]),
    ("uuid5", ["123e4567-e89b-52d3-a456-426614174000"], ["123e4567-e89b-42d3-a456-426614174000"]),
    ("isbn", ["0321751043", "978-0321751041"], ["0321751044", "978-0321751042"]),
    ("isbn10", ["080442957X"], ["978-0321751041"]),
    ("isbn13", ["9780321751041"], ["0321751043"]),
    ("creditcard", ["4111 1111 1111 1111", "378282246310005"], ["4111 1111 1111 1112", "1234"]),
    ("ssn", ["111-11-1111", "111 11 1111"], ["111111111", "111-11-11111"]),
    ("hexcolor", ["#fff", "FFFFFF"], ["#ffff", "#ggg"]),
    ("rgbcolor", ["rgb(0,255,12)", "rgb( 1 , 2 , 3 )"], ["rgb(256,0,0)", "rgb(0,0)"]),
    ("byte", ["aGVsbG8=", "YQ=="], ["a", "aGVsbG8", "aGVs!G8="]),
    ("password", ["", "anything"], []),
    ("bsonobjectid", ["507f1f77bcf86cd799439011"], ["507f1f77bcf86cd79943901", "g07f1f77bcf86cd799439011"]),
    ("k8s-short-name", ["a", "a-b"], ["-a", "A", "a.b", "a" * 64, ""]),
    ("k8s-long-name", ["a.b-c"], ["a..b", "A", "a" * 254, ""]),
    (
        "hostname",
        ["localhost", "example.com", "a-b.example.com", "münchen.example", "1.example.com"],
        ["-a.example.com", "a_b", "example.c", "a" * 64, "", "a..com", ".".join(["a" * 60] * 5)],
    ),
    (
        "email",
        ["a@b.example", "a.b+c@d", "Some One <a@b.example>", '"x y"@b.example', "a@[127.0.0.1]"],
        ["a", "a@", "@b", "a b@c", "a@b@c", "a..b@c", ""],
    ),
    (
        "uri",
        ["http://example.com/a?b=c", "/a/b", "urn:x:y", "http://u:p@[::1]:80/", "*", "http://example.com"],
        ["", "example.com", "a/b", "http://a b/", "http://x:port/", "/a%zz", "/a\n", ":x"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [(name, text, True) for name, good, _ in GOOD_AND_BAD for text in good]
    + [(name, text, False) for name, _, bad in GOOD_AND_BAD for text in bad],
)
def test_format(name: str, text: str, expected: bool) -> None:
    check = string_format(name)

    assert check is not None
    assert check(text) is expected


@pytest.mark.parametrize("name", ["binary", "int32", "regex", ""])
def test_formats_that_are_not_checked(name: str) -> None:
    assert string_format(name) is None


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "name", ["date-time", "duration", "ipv4", "hostname", "email", "uri", "byte", "isbn", "creditcard"]
)
@pytest.mark.parametrize("text", ["1" * 200_000, "a" * 200_000, "a." * 100_000, "1 " * 100_000, "=" * 200_000])
def test_long_strings_do_not_hang(name: str, text: str) -> None:
    check = string_format(name)

    assert check is not None
    check(text + "!")
