import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import parse
from steersman.client.cache import CachedObject, Indexer, Lister


def obj(name: str, namespace: str = "", **labels: str) -> CachedObject:
    return CachedObject.from_dict({"metadata": {"name": name, "namespace": namespace, "labels": labels}})


@pytest.fixture
def lister() -> Lister:
    indexer = Indexer()
    indexer.replace([obj("web", "a", app="web"), obj("db", "a", app="db"), obj("web", "b", app="web"), obj("node")])
    return Lister(indexer, GroupResource("apps", "deployments"))


@pytest.mark.parametrize(
    ("selector", "found"),
    [("", ["a/web", "a/db", "b/web", "node"]), ("app=web", ["a/web", "b/web"]), ("!app", ["node"]), ("x", [])],
)
def test_objects_are_listed_by_label_selector(lister: Lister, selector: str, found: list[str]) -> None:
    assert [one.key for one in lister.list(parse(selector))] == found


@pytest.mark.parametrize(("selector", "found"), [("", ["a/web", "a/db"]), ("app!=db", ["a/web"])])
def test_a_namespace_is_listed_by_label_selector(lister: Lister, selector: str, found: list[str]) -> None:
    assert [one.key for one in lister.by_namespace("a").list(parse(selector))] == found


def test_everything_is_listed_without_a_selector(lister: Lister) -> None:
    assert len(lister.list()) == 4
    assert lister.by_namespace("absent").list() == []


def test_an_object_is_got_by_name(lister: Lister) -> None:
    assert lister.get("node").key == "node"
    assert lister.by_namespace("b").get("web").key == "b/web"


def test_what_is_not_in_the_cache_is_not_found(lister: Lister) -> None:
    for get in (lister.get, lister.by_namespace("c").get):
        with pytest.raises(ApiError) as raised:
            get("web")
        assert (raised.value.code, raised.value.reason) == (404, "NotFound")
        assert raised.value.message == 'deployments.apps "web" not found'
