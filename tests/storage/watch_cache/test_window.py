import pytest

from steersman.storage.watch_cache import Change, Codec, Entry
from steersman.storage.watch_cache.window import Window

CODEC = Codec("v1", "ConfigMap")


def change(revision: int, size: int = 10) -> Change:
    return Change(Entry("n", "x", revision, 1, b"." * size, CODEC), None)


def revisions(window: Window, after: int) -> list[int]:
    return [found.entry.revision for found in window.after(after)]


@pytest.mark.parametrize(("after", "expected"), [(1, [2, 4, 6]), (3, [4, 6]), (4, [6]), (6, []), (9, [])])
def test_gives_what_came_after(after: int, expected: list[int]) -> None:
    window = Window(1, 10, 1000)
    for revision in (2, 4, 6):
        window.append(change(revision))

    assert revisions(window, after) == expected
    assert window.start == 1


def test_is_bounded_by_count() -> None:
    window = Window(1, 2, 1000)
    for revision in (2, 4, 6):
        window.append(change(revision))

    assert (window.start, revisions(window, 0)) == (2, [4, 6])


def test_is_bounded_by_bytes_even_for_a_single_object() -> None:
    window = Window(1, 10, 25)
    for revision in (2, 4, 6):
        window.append(change(revision))
    assert (window.start, revisions(window, 0)) == (2, [4, 6])

    window.append(change(8, size=30))

    assert (window.start, revisions(window, 0)) == (8, [])
