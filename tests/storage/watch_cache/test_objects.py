from hypothesis import given
from hypothesis import strategies as st

from steersman.storage.watch_cache import Codec, Entry
from steersman.storage.watch_cache.objects import Objects

CODEC = Codec("v1", "ConfigMap")
# Few and nasty: "a-b/x" is before "a/x" as a key, though the namespace "a" is before "a-b".
places = st.tuples(st.sampled_from(["a", "a-b", "a0", "b"]), st.sampled_from(["x", "x-y", "x.y", "x0", "y", "z"]))


def entry(namespace: str, name: str, revision: int = 1) -> Entry:
    return Entry(namespace, name, revision, 1, b"", CODEC)


def key(place: tuple[str, str]) -> str:
    return f"{place[0]}/{place[1]}"


@given(
    st.lists(st.tuples(places, st.booleans(), st.booleans()), max_size=60),
    st.none() | places,
    st.integers(0, 8),
    st.sampled_from([None, "a", "a-b", "none"]),
)
def test_lists_in_key_order_like_a_sorted_model(
    steps: list[tuple[tuple[str, str], bool, bool]],
    after: tuple[str, str] | None,
    limit: int,
    namespace: str | None,
) -> None:
    objects, model = Objects(), dict[tuple[str, str], Entry]()
    for place, remove, look in steps:
        if remove and place in model:
            objects.remove(model.pop(place))
        elif not remove:
            model[place] = entry(*place)
            objects.put(model[place])
        if look:
            assert [(e.namespace, e.name) for e in objects.list()[0]] == sorted(model, key=key)
            assert objects.list(limit=2)[1] == max(0, len(model) - 2)

    page, remaining = objects.list(namespace, after, limit)

    inside = [place for place in sorted(model, key=key) if namespace in (None, place[0])]
    behind = [place for place in inside if after is None or key(place) > key(after)]
    expected = behind[:limit] if limit else behind
    assert page == [model[place] for place in expected]
    assert remaining == len(behind) - len(expected)
    assert objects.count == len(model)
    assert all(objects.get(*place) is model[place] for place in model)


def test_pages_follow_each_other_when_the_last_name_is_gone() -> None:
    objects = Objects()
    for name in "abcde":
        objects.put(entry("n", name))

    first, remaining = objects.list(None, None, 2)
    objects.remove(first[-1])
    second, rest = objects.list(None, ("n", first[-1].name), 2)

    assert ([e.name for e in first], remaining) == (["a", "b"], 3)
    assert ([e.name for e in second], rest) == (["c", "d"], 1)
