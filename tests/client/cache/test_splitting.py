import gc
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.client.cache import CachedObject, ListMetadata, MalformedObject, split_event, split_list


def config_map(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns"}, "data": {"k": "v"}}


def test_items_of_a_built_in_kind_get_their_type_from_the_list() -> None:
    body = {
        "kind": "ConfigMapList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "9"},
        "items": [config_map("a")],
    }
    metadata, [item] = split_list(orjson.dumps(body))
    assert metadata == ListMetadata(resource_version="9")
    assert item == {"apiVersion": "v1", "kind": "ConfigMap", **config_map("a")}
    assert [*item] == ["apiVersion", "kind", "metadata", "data"]
    assert (item.api_version, item.kind) == ("v1", "ConfigMap")


def test_items_that_say_what_they_are_are_left_as_they_are() -> None:
    raw = orjson.dumps({"apiVersion": "example.com/v1", "kind": "Database", **config_map("a")})
    _, [item] = split_list(b'{"kind":"DatabaseList","apiVersion":"example.com/v1","metadata":{},"items":[%b]}' % raw)
    assert item.raw == raw


def test_a_list_of_anything_leaves_the_items_their_types() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", **config_map("a")}
    _, items = split_list(orjson.dumps({"kind": "List", "apiVersion": "v1", "items": [pod, config_map("b")]}))
    assert [item.kind for item in items] == ["Pod", ""]


def test_spaced_json_is_split_as_well() -> None:
    body = {"kind": "ConfigMapList", "apiVersion": "v1", "items": [config_map("a"), config_map("b")]}
    _, items = split_list(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    assert items == [{"apiVersion": "v1", "kind": "ConfigMap", **config_map(name)} for name in "ab"]


def test_a_page_tells_how_to_go_on() -> None:
    metadata, _ = split_list(b'{"metadata":{"resourceVersion":"9","continue":"c","remainingItemCount":4},"items":[]}')
    assert metadata == ListMetadata(resource_version="9", continue_token="c", remaining_item_count=4)


@pytest.mark.parametrize("items", [b"[]", b"null"])
def test_a_list_may_be_empty(items: bytes) -> None:
    assert split_list(b'{"kind":"PodList","metadata":null,"items":%b}' % items) == (ListMetadata(), [])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"kind":"Status"}', b'{"items":[{}]}', b'{"items":[1]}', b"<html>"])
def test_what_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedObject, match="unable to decode"):
        split_list(body)


@given(st.integers(min_value=0))
def test_a_list_that_was_cut_off_is_malformed_wherever_it_was_cut(cut: int) -> None:
    body = orjson.dumps(
        {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [config_map("a"), config_map("b")]}
    )
    with pytest.raises(MalformedObject):
        split_list(body[: cut % len(body)])


def test_an_item_does_not_keep_its_list_alive() -> None:
    padding = {"data": {"k": "x" * 100_000}}
    body = orjson.dumps({"kind": "ConfigMapList", "items": [config_map("kept"), *[config_map("x") | padding] * 50]})
    tracemalloc.start()
    try:
        kept = split_list(body)[1][0]
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.name == "kept"
    assert held < 100_000


@pytest.mark.parametrize("type_", ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
def test_an_event_is_a_type_and_an_object(type_: str) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "resourceVersion": "8"}}
    found, obj = split_event(orjson.dumps({"type": type_, "object": pod}) + b"\n")
    assert found == type_
    assert isinstance(obj, CachedObject)
    assert obj.resource_version == "8"
    assert obj == pod


def test_an_error_event_is_a_status() -> None:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "reason": "Expired",
        "code": 410,
    }
    assert split_event(orjson.dumps({"type": "ERROR", "object": status})) == ("ERROR", status)


@given(st.integers(min_value=0), st.sampled_from(["ADDED", "ERROR"]))
def test_an_event_that_was_cut_off_is_malformed_wherever_it_was_cut(cut: int, type_: str) -> None:
    line = orjson.dumps({"type": type_, "object": {"kind": "Pod", **config_map("a")}})
    with pytest.raises(MalformedObject):
        split_event(line[: cut % len(line)])
