"""Typed listers: what they give is parsed, selected, and belongs to the caller."""

import orjson
import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.label_selector import parse
from steersman.client.cache import CachedObject, Indexer, Lister
from steersman.client.custom_resource import CustomResource
from steersman.client.typed_lister import TypedLister


class Database(CustomResource, group="example.com", version="v1", plural="databases"):
    size: int = 0


def lister(*objects: tuple[str, str, str]) -> TypedLister[Database]:
    """Of objects by namespace, name and team."""
    indexer = Indexer()
    for size, (namespace, name, team) in enumerate(objects):
        metadata = {"namespace": namespace, "name": name, "labels": {"team": team}}
        indexer.add(CachedObject(orjson.dumps({"metadata": metadata, "size": size})))
    return TypedLister(Lister(indexer, Database.api_resource.group_resource), Database.api_resource)


def names(databases: list[Database]) -> list[str]:
    return sorted(one.metadata.name for one in databases)


def test_objects_are_selected_by_namespace_and_labels() -> None:
    databases = lister(("a", "x", "one"), ("a", "y", "two"), ("b", "z", "one"))
    one = parse("team=one")
    assert names(databases.list()) == ["x", "y", "z"]
    assert names(databases.list(one)) == ["x", "z"]
    assert names(databases.by_namespace("a").list()) == ["x", "y"]
    assert names(databases.by_namespace("a").list(one)) == ["x"]
    assert databases.by_namespace("b").get("z").size == 2


def test_objects_of_the_cluster_are_read_by_name() -> None:
    assert lister(("", "x", "one")).get("x").metadata.name == "x"
    with pytest.raises(ApiError, match='"y" not found'):
        lister(("", "x", "one")).get("y")


def test_what_the_caller_changes_stays_his() -> None:
    databases = lister(("", "x", "one"))
    databases.get("x").size = 7
    databases.list()[0].metadata.labels.clear()
    assert (databases.get("x").size, databases.get("x").metadata.labels) == (0, {"team": "one"})
