"""Strategic merge patches: directives, orders, errors, and that a created patch takes the old state to the new."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.apimachinery import strategic_merge
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.json_patch import json_equal
from steersman.apimachinery.strategic_merge import PatchMeta

STRING = {"type": "string"}


def merging(key: str, items: dict[str, Any], strategy: str = "merge") -> dict[str, Any]:
    return {
        "type": "array",
        "items": items,
        "x-kubernetes-patch-strategy": strategy,
        "x-kubernetes-patch-merge-key": key,
    }


DEFINITIONS: dict[str, dict[str, Any]] = {
    "Container": {
        "type": "object",
        "properties": {
            "name": STRING,
            "image": STRING,
            "args": {"type": "array", "items": STRING},
            "env": merging("name", {"$ref": "EnvVar"}),
            "ports": merging("port", {"type": "object", "properties": {"port": {"type": "integer"}, "name": STRING}}),
        },
    },
    "EnvVar": {"type": "object", "properties": {"name": STRING, "value": STRING}},
    "Volume": {"type": "object", "properties": {"name": STRING, "emptyDir": {"type": "object"}}},
    "Spec": {
        "type": "object",
        "properties": {
            "containers": merging("name", {"$ref": "Container"}),
            "volumes": merging("name", {"$ref": "Volume"}, "merge,retainKeys"),
            "strategy": {"$ref": "Strategy", "x-kubernetes-patch-strategy": "retainKeys"},
            "whole": {"allOf": [{"$ref": "Strategy"}], "x-kubernetes-patch-strategy": "replace"},
            "selector": {"type": "object", "additionalProperties": STRING},
            "inner": {"$ref": "Spec"},
        },
    },
    "Strategy": {"type": "object", "properties": {"type": STRING, "rolling": {"type": "object"}}},
}
META = PatchMeta(
    {
        "type": "object",
        "properties": {
            "finalizers": {"type": "array", "items": STRING, "x-kubernetes-patch-strategy": "merge"},
            "numbers": {"type": "array", "items": {"type": "integer"}},
            "spec": {"$ref": "Spec"},
        },
    },
    DEFINITIONS.__getitem__,
)


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


def containers(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


A1 = {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}
B1 = {"name": "b", "image": "b:1"}

CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (spec(selector={"a": "1"}), spec(selector={"b": "2"}), spec(selector={"a": "1", "b": "2"})),
    (spec(selector={"a": "1", "b": "2"}), spec(selector={"a": None}), spec(selector={"b": "2"})),
    (spec(selector={"a": "1"}), spec(selector=None), spec()),
    (spec(selector={"a": "1"}), spec(selector={"$patch": "replace", "b": "2"}), spec(selector={"b": "2"})),
    (spec(selector={"a": "1"}), spec(selector={"$patch": "delete"}), spec(selector={})),
    (spec(), spec(selector={"$patch": "delete"}), spec()),
    ({"numbers": [1, 2]}, {"numbers": [3]}, {"numbers": [3]}),
    (spec(whole={"type": "x", "rolling": {}}), spec(whole={"type": "y"}), spec(whole={"type": "y"})),
    (
        spec(containers=[A1, B1]),
        spec(containers=[{"name": "b", "image": "b:2"}]),
        spec(containers=[A1, {"name": "b", "image": "b:2"}]),
    ),
    (
        spec(containers=[A1]),
        spec(containers=[{"name": "a", "env": [{"name": "Y", "value": "2"}]}]),
        spec(containers=[{**A1, "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]}]),
    ),
    (spec(containers=[A1]), spec(containers=[B1]), spec(containers=[B1, A1])),
    (spec(containers=[A1, B1]), spec(containers=[{"$patch": "delete", "name": "a"}]), spec(containers=[B1])),
    (spec(containers=[A1]), spec(containers=[{"$patch": "replace"}, B1]), spec(containers=[B1])),
    (spec(containers=[]), spec(containers=[B1]), spec(containers=[B1])),
    (
        spec(),
        spec(containers=[{"name": "a", "image": None}, {"$patch": "delete", "name": "b"}]),
        spec(containers=containers("a")),
    ),
    ({"finalizers": ["a", "b"]}, {"finalizers": ["b", "c"]}, {"finalizers": ["a", "b", "c"]}),
    ({"finalizers": ["a", "b", "c"]}, {"$deleteFromPrimitiveList/finalizers": ["b"]}, {"finalizers": ["a", "c"]}),
    ({}, {"$deleteFromPrimitiveList/finalizers": ["b"]}, {}),
    (
        {"finalizers": ["a", "b", "c"]},
        {
            "$setElementOrder/finalizers": ["c", "d", "a"],
            "$deleteFromPrimitiveList/finalizers": ["b"],
            "finalizers": ["d"],
        },
        {"finalizers": ["c", "d", "a"]},
    ),
    (
        spec(containers=containers("a", "b", "c")),
        spec(**{"$setElementOrder/containers": containers("c", "a")}),
        spec(containers=containers("b", "c", "a")),
    ),
    (
        spec(containers=containers("x", "a", "y", "b")),
        spec(**{"$setElementOrder/containers": containers("b", "n", "a"), "containers": [{"name": "n"}]}),
        spec(containers=containers("x", "y", "b", "n", "a")),
    ),
    (
        spec(containers=containers("a", "b", "d")),
        spec(
            **{"$setElementOrder/containers": containers("b", "c")},
            containers=[{"name": "c"}, {"$patch": "delete", "name": "a"}],
        ),
        spec(containers=containers("b", "d", "c")),
    ),
    (spec(), spec(**{"$setElementOrder/containers": containers("a")}), spec()),
    (
        spec(containers=containers("a")),
        spec(**{"$setElementOrder/containers": containers("a"), "containers": None}),
        spec(),
    ),
    (
        spec(strategy={"type": "Rolling", "rolling": {"max": 1}}),
        spec(strategy={"$retainKeys": ["type"], "type": "Recreate"}),
        spec(strategy={"type": "Recreate"}),
    ),
    (
        spec(volumes=[{"name": "v", "emptyDir": {}, "x": 1}]),
        spec(volumes=[{"name": "v", "$retainKeys": ["name", "y"], "y": 2}]),
        spec(volumes=[{"name": "v", "y": 2}]),
    ),
    (spec(inner={"containers": [A1]}), spec(inner={"containers": [{"name": "a", "image": "a:2"}]}),
     spec(inner={"containers": [{**A1, "image": "a:2"}]})),
    ({"unknown": {"a": 1, "l": [1]}}, {"unknown": {"b": 2, "l": [2]}}, {"unknown": {"a": 1, "b": 2, "l": [2]}}),
    (spec(selector="text"), spec(selector={"a": "1", "b": None}), spec(selector={"a": "1"})),
]  # fmt: skip


@pytest.mark.parametrize(("document", "patch", "expected"), CASES)
def test_apply(document: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy((document, patch))

    assert strategic_merge.apply(document, patch, META) == expected
    assert (document, patch) == before


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        spec(containers=[A1]),
        spec(containers=[{"image": "x", "args": ["b", "a"]}]),
        "map: map[args:[b a] image:x] does not contain declared merge key: name",
    ),
    (
        spec(containers=[A1]),
        spec(containers=[{"$patch": "delete"}]),
        "map: map[$patch:delete] does not contain declared merge key: name",
    ),
    (spec(containers=[A1]), spec(containers=[{"$patch": "merge"}]), "merging lists cannot yet be specified in the"),
    (spec(containers=[A1]), spec(containers=[{"$patch": "spam"}]), "unknown patch type: spam in map: map["),
    (spec(), {"spec": {"$patch": "spam"}}, "unknown patch type: spam in map: map[$patch:spam]"),
    (spec(containers=[A1]), spec(containers=["a"]), "list element types are not identical"),
    (spec(strategy={}), spec(strategy={"$retainKeys": "x"}), "invalid patch format of retainKeys"),
    (spec(strategy={}), spec(strategy={"$retainKeys": ["type"], "rolling": {}}), "invalid patch format of retainKeys"),
    (
        spec(containers=[A1]),
        spec(**{"$setElementOrder/containers": containers("a"), "containers": containers("b")}),
        "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    ),
    (spec(containers=[A1]), spec(**{"$setElementOrder/containers": 1}), "expected a []interface {}, but received a"),
    (spec(containers=[A1]), spec(containers=[{"name": {"a": 1}}]), "cannot identify an element"),
    ({"finalizers": [{"a": 1}]}, {"finalizers": [{"a": 1}]}, "cannot merge lists without merge key"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "patch", "message"), REFUSED)
def test_what_cannot_be_applied_is_400(document: dict[str, Any], patch: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        strategic_merge.apply(document, patch, META)

    assert caught.value.code == 400
    assert message in caught.value.message


def test_lists_of_lists_are_422() -> None:
    with pytest.raises(ApiError) as caught:
        strategic_merge.apply({"finalizers": [["a"]]}, {"finalizers": [["b"]]}, META)

    assert caught.value.code == 422


def test_result_shares_nothing() -> None:
    document = spec(containers=[A1])
    patch = spec(containers=[{"name": "b", "args": ["x"]}])
    before = copy.deepcopy((document, patch))
    patched = strategic_merge.apply(document, patch, META)
    for container in patched["spec"]["containers"]:
        container.setdefault("args", []).append("y")
        container.setdefault("env", []).append({})

    assert (document, patch) == before


def test_created_patch_is_small() -> None:
    old = spec(containers=[A1, B1], strategy={"type": "Rolling", "rolling": {}})
    new = spec(containers=[{**A1, "image": "a:2"}], strategy={"type": "Recreate"})

    assert strategic_merge.create_two_way(old, new, META) == spec(
        containers=[{"name": "a", "image": "a:2"}, {"$patch": "delete", "name": "b"}],
        strategy={"$retainKeys": ["type"], "rolling": None, "type": "Recreate"},
        **{"$setElementOrder/containers": [{"name": "a"}]},
    )


names = st.sampled_from(["a", "b", "c", "d"])
texts = st.sampled_from(["1", "2"])


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def named(key: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    element = st.fixed_dictionaries({key: names}, optional=fields)
    return st.lists(element, max_size=4, unique_by=lambda one: one[key])


selectors = st.dictionaries(names, texts, max_size=3)
strategies = optional(type=texts, rolling=st.dictionaries(names, texts, max_size=2))
twins = st.lists(st.fixed_dictionaries({"name": names}, optional={"value": texts}), max_size=3)
pod_specs = optional(
    containers=named(
        "name", image=texts, env=named("name", value=texts) | twins, args=st.lists(texts, max_size=2),
        ports=named("port", name=texts),
    ),
    volumes=named("name", emptyDir=selectors, x=texts),
    strategy=strategies,
    whole=strategies,
    selector=selectors,
)  # fmt: skip
objects = optional(
    finalizers=st.lists(names, max_size=4, unique=True),
    numbers=st.lists(st.integers(0, 2), max_size=3),
    spec=optional(inner=pod_specs, containers=named("name", image=texts), selector=selectors | texts),
)


@settings(max_examples=300)
@given(objects, objects)
def test_created_patch_takes_old_to_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = copy.deepcopy((old, new))
    patch = strategic_merge.create_two_way(old, new, META)

    assert json_equal(strategic_merge.apply(old, patch, META), new)
    assert bool(patch) == (not json_equal(old, new))
    assert (old, new) == before
