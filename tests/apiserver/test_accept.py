import pytest

from steersman.apiserver.accept import MediaRange, media_ranges


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"", [("*/*", {})]),
        (b"application/json", [("application/json", {})]),
        (b"text/html;q=0.5, Application/JSON", [("application/json", {}), ("text/html", {})]),
        (b"a/a, b/b", [("a/a", {}), ("b/b", {})]),
        (b"a/a;q=0, b/b;q=junk", [("b/b", {})]),
        (b'a/b; G="x" ;v=v2;q=0.9', [("a/b", {"g": "x", "v": "v2"})]),
        (b" , ,", []),
    ],
)
def test_ranges_come_best_first(accept: bytes, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert [tuple(found) for found in media_ranges(accept)] == expected


@pytest.mark.parametrize(
    ("offered", "media", "matches"),
    [
        ("*/*", "application/json", True),
        ("application/*", "application/json", True),
        ("application/json", "application/json", True),
        ("text/*", "application/json", False),
        ("application/yaml", "application/json", False),
    ],
)
def test_a_range_may_have_wildcards(offered: str, media: str, matches: bool) -> None:
    assert MediaRange(offered, {}).matches(media) is matches
