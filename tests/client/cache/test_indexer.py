from collections.abc import Iterable

import pytest

from steersman.client.cache import NAMESPACE_INDEX, CachedObject, DeletedFinalStateUnknown, Indexer


def pod(key: str, node: str = "", **labels: str) -> CachedObject:
    namespace, _, name = key.rpartition("/")
    return CachedObject.from_dict(
        {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": {"nodeName": node}}
    )


def by_node(obj: CachedObject) -> Iterable[str]:
    return [obj["spec"]["nodeName"]] if obj["spec"]["nodeName"] else []


def by_label_value(obj: CachedObject) -> Iterable[str]:
    return obj.labels.values()


def keys(objects: list[CachedObject]) -> list[str]:
    return [obj.key for obj in objects]


def test_what_is_added_is_read_back_as_the_same_object() -> None:
    indexer, web = Indexer(), pod("ns/web")
    indexer.add(web)
    assert indexer.get_by_key("ns/web") is web
    assert indexer.get(pod("ns/web")) is web
    assert indexer.list() == [web]
    assert indexer.list_keys() == ["ns/web"]
    assert len(indexer) == 1


def test_an_update_takes_the_place_of_the_object() -> None:
    indexer = Indexer({"node": by_node})
    indexer.add(pod("ns/web", "n1"))
    newer = pod("ns/web", "n2")
    indexer.update(newer)
    assert indexer.list() == [newer]
    assert indexer.list_index_func_values("node") == ["n2"]


@pytest.mark.parametrize("gone", [pod("ns/web"), DeletedFinalStateUnknown("ns/web", None)], ids=["object", "tombstone"])
def test_what_is_deleted_is_in_no_index(gone: CachedObject | DeletedFinalStateUnknown) -> None:
    indexer = Indexer({"node": by_node})
    indexer.add(pod("ns/web", "n1"))
    indexer.delete(gone)
    assert indexer.get(gone) is None
    assert len(indexer) == 0
    assert indexer.list_index_func_values("node") == indexer.list_index_func_values(NAMESPACE_INDEX) == []


def test_deleting_what_is_not_there_does_nothing() -> None:
    indexer = Indexer()
    indexer.delete(pod("ns/web"))
    assert indexer.list() == []


def test_a_replace_leaves_nothing_of_what_was() -> None:
    indexer = Indexer({"node": by_node})
    indexer.add(pod("ns/old", "n1"))
    indexer.replace([pod("ns/a", "n2"), pod("other/b", "n2")], "7")
    assert indexer.list_keys() == ["ns/a", "other/b"]
    assert indexer.index_keys("node", "n2") == ["ns/a", "other/b"]
    assert indexer.list_index_func_values("node") == ["n2"]


def test_there_is_a_namespace_index() -> None:
    indexer = Indexer()
    for key in ("a/1", "b/1", "a/2", "cluster-wide"):
        indexer.add(pod(key))
    assert keys(indexer.by_index(NAMESPACE_INDEX, "a")) == ["a/1", "a/2"]
    assert indexer.list_index_func_values(NAMESPACE_INDEX) == ["a", "b", ""]


def test_the_namespace_index_may_be_replaced_by_another() -> None:
    indexer = Indexer({NAMESPACE_INDEX: by_node})
    indexer.add(pod("ns/p", "n1"))
    indexer.update(pod("ns/p", "n2"))
    assert indexer.list_index_func_values(NAMESPACE_INDEX) == ["n2"]


def test_an_object_is_found_by_each_of_its_values_until_it_has_them_no_more() -> None:
    indexer = Indexer({"label": by_label_value})
    indexer.add(pod("ns/p", a="x", b="y", c="x"))
    assert indexer.index_keys("label", "x") == indexer.index_keys("label", "y") == ["ns/p"]
    indexer.update(pod("ns/p", a="y", b="z"))
    assert indexer.index_keys("label", "x") == []
    assert indexer.index_keys("label", "y") == indexer.index_keys("label", "z") == ["ns/p"]
    indexer.update(pod("ns/p"))
    assert indexer.list_index_func_values("label") == []


def test_the_values_of_objects_that_share_some_are_told_apart() -> None:
    indexer = Indexer({"label": by_label_value})
    for one in (pod("ns/1", a="x", b="y"), pod("ns/2", a="x", b="y"), pod("ns/3", a="x"), pod("ns/4", a="y", b="x")):
        indexer.add(one)
    indexer.delete(pod("ns/1"))
    assert indexer.index_keys("label", "x") == ["ns/2", "ns/3", "ns/4"]
    indexer.update(pod("ns/2", a="y"))
    assert indexer.index_keys("label", "x") == ["ns/3", "ns/4"]
    assert indexer.index_keys("label", "y") == ["ns/2", "ns/4"]


def test_index_gives_those_that_share_a_value_each_once() -> None:
    indexer = Indexer({"label": by_label_value})
    for one in (pod("ns/1", a="x", b="y"), pod("ns/2", a="y"), pod("ns/3", a="z")):
        indexer.add(one)
    assert keys(indexer.index("label", pod("ns/asked", a="x", b="y"))) == ["ns/1", "ns/2"]


def test_an_index_that_comes_later_has_the_objects_that_are_there() -> None:
    indexer = Indexer()
    indexer.add(pod("ns/1", "n1"))
    indexer.add_indexers({"node": by_node})
    indexer.add(pod("ns/2", "n1"))
    assert indexer.index_keys("node", "n1") == ["ns/1", "ns/2"]
    assert indexer.get_indexers()["node"] is by_node
    with pytest.raises(ValueError, match="indexer conflict: node"):
        indexer.add_indexers({"node": by_node})


def test_an_unknown_index_is_an_error() -> None:
    with pytest.raises(KeyError, match="Index with name colour does not exist"):
        Indexer().by_index("colour", "red")


def test_what_index_functions_parse_is_not_kept() -> None:
    indexer, unread, read = Indexer({"node": by_node}), pod("ns/1", "n1"), pod("ns/2", "n1")
    assert read["spec"] is not None
    indexer.add(unread)
    indexer.add(read)
    assert (unread.parsed, read.parsed) == (False, True)


def test_an_index_function_that_raises_leaves_all_as_it_was() -> None:
    def fails_for_n2(obj: CachedObject) -> Iterable[str]:
        if obj["spec"]["nodeName"] == "n2":
            raise RuntimeError("no such node")
        return by_node(obj)

    indexer = Indexer({"label": by_label_value, "node": fails_for_n2})
    held = pod("ns/1", "n1", a="x")
    indexer.add(held)
    refused = pod("ns/1", "n2", a="y")
    with pytest.raises(RuntimeError, match="no such node"):
        indexer.update(refused)
    with pytest.raises(RuntimeError, match="no such node"):
        indexer.replace([pod("ns/3"), refused])
    assert indexer.list() == [held]
    assert indexer.list_index_func_values("label") == ["x"]
    assert indexer.list_index_func_values("node") == ["n1"]


def test_a_function_that_changes_its_mind_leaves_no_stale_keys() -> None:
    answer = ["first"]
    indexer = Indexer({"mood": lambda obj: [*answer]})
    indexer.add(pod("ns/1"))
    answer[:] = ["second"]
    indexer.delete(pod("ns/1"))
    assert indexer.list_index_func_values("mood") == []
