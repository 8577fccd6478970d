"""Prefixes as ranges of keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.storage.key_range import PrefixIndex, prefix_end

edges = st.sampled_from(["", "a", "b", "/", "\ud7ff", "\ue000", "\U0010ffff"])
texts = st.lists(edges, max_size=4).map("".join)


@pytest.mark.parametrize(
    ("prefix", "end"),
    [("/a/", "/a0"), ("", None), ("\U0010ffff", None), ("a\U0010ffff", "b"), ("a\ud7ff", "a\ue000")],
)
def test_prefix_end(prefix: str, end: str | None) -> None:
    assert prefix_end(prefix) == end


@given(texts, texts)
def test_a_text_is_in_the_range_of_a_prefix_when_it_begins_with_it(prefix: str, text: str) -> None:
    end = prefix_end(prefix)

    assert (prefix <= text and (end is None or text < end)) == text.startswith(prefix)


@given(st.lists(st.tuples(texts, st.booleans()), max_size=12), texts)
def test_an_index_finds_the_prefixes_that_a_key_begins_with(entries: list[tuple[str, bool]], key: str) -> None:
    index: PrefixIndex[int] = PrefixIndex()
    for item, (prefix, _) in enumerate(entries):
        index.add(prefix, item)
    index.match(key)
    for item, (prefix, stays) in enumerate(entries):
        if not stays:
            index.remove(prefix, item)

    wanted = [item for item, (prefix, stays) in enumerate(entries) if stays and key.startswith(prefix)]
    assert sorted(index.match(key)) == wanted
    assert sorted(index.all()) == [item for item, (_, stays) in enumerate(entries) if stays]
