"""Manifests: how they are read, and how they get to a server in an order that works."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.client.custom_definitions import definition

from steersman.apimachinery.errors import ApiError
from steersman.client import ApiResource, Client
from steersman.client.api_resource import DICTS
from steersman.client.discovery import NoMatchError
from steersman.client.manifests import ManifestError, Manifests, read_manifests

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
MANAGER = "tests"


def config_map(name: str, **metadata: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def found(manifests: Manifests, *, recursive: bool = False) -> list[tuple[str, str]]:
    """The name of each object, and where it was found."""
    return [(one.obj["metadata"]["name"], one.source) for one in read_manifests(manifests, recursive=recursive)]


TWO = """\
# a comment
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  script: |
    echo one
    --- not a mark
---   # another
# nothing here
--- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
"""


def test_documents() -> None:
    assert found(TWO) == [("a", "manifest: document 1"), ("b", "manifest: document 3")]
    (first, _) = read_manifests(TWO)
    assert first.obj["data"]["script"] == "echo one\n--- not a mark\n"
    assert found(TWO.replace("\n", "\r\n")) == found(TWO)


def test_one_document_json_and_objects() -> None:
    text = orjson.dumps(config_map("a")).decode()
    assert found(text) == found("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}") == [("a", "manifest")]
    assert found(config_map("a")) == [("a", "object 1")]
    assert found([config_map("a"), config_map("b")]) == [("a", "object 1"), ("b", "object 2")]
    assert found("") == found("---\n# nothing\n") == []


@pytest.mark.parametrize("kind", ["List", "ConfigMapList"])
def test_lists_stand_for_their_items(kind: str) -> None:
    inner = {"apiVersion": "v1", "kind": kind, "items": [config_map("b"), config_map("c")]}
    outer = {"apiVersion": "v1", "kind": kind, "items": [config_map("a"), inner]}
    assert [name for name, _ in found(outer)] == ["a", "b", "c"]
    assert found(outer)[2] == ("c", "object 1: item 2: item 2")


def test_a_kind_that_is_called_a_list_is_none() -> None:
    assert found({"apiVersion": "a/v1", "kind": "PriceList", "metadata": {"name": "a"}}) == [("a", "object 1")]


def test_directories(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for place in ("2.yml", "1.yaml", "3.json", "sub/0.yaml", "notes.txt"):
        (tmp_path / place).write_bytes(orjson.dumps(config_map(Path(place).stem)))
    assert [name for name, _ in found(tmp_path)] == ["1", "2", "3"]
    assert [name for name, _ in found(tmp_path, recursive=True)] == ["1", "2", "3", "0"]
    assert found(tmp_path / "1.yaml") == [("1", str(tmp_path / "1.yaml"))]


@pytest.mark.parametrize(
    ("manifests", "message"),
    [
        ("deploy.yaml", "manifest: not an object but 'deploy.yaml'; a file is given as a Path"),
        ("a: b", "manifest: apiVersion and kind must be set"),
        ("apiVersion: v1\nkind: A", "manifest: A has no metadata.name"),
        ("apiVersion: v1\nkind: A\nmetadata: {generateName: a-}", "manifest: A has no metadata.name"),
        ("a: b\n---\na: [", "manifest: apiVersion and kind must be set"),
        ("# one\n---\na: [", "manifest: error converting YAML to JSON: yaml: line "),
        ([config_map("a"), {"kind": "A"}], "object 2: apiVersion and kind must be set"),
        (
            {"apiVersion": "a/b/c", "kind": "A", "metadata": {"name": "a"}},
            "object 1: unexpected GroupVersion string: a/b/c",
        ),
    ],
)
def test_what_cannot_be_used(manifests: Manifests, message: str) -> None:
    with pytest.raises(ManifestError, match=f"^{re.escape(message)}"):
        read_manifests(manifests)


def test_documents_are_counted_from_one() -> None:
    text = "".join(f"apiVersion: v1\nkind: A\nmetadata: {{name: {name}}}\n---\n" for name in "ab")
    assert [source for _, source in found(text)] == ["manifest: document 1", "manifest: document 2"]


def test_names_that_the_server_makes() -> None:
    text = "apiVersion: v1\nkind: A\nmetadata: {generateName: a-}"
    (one,) = read_manifests(text, generate_names=True)
    assert one.obj["metadata"] == {"generateName": "a-"}
    with pytest.raises(ManifestError, match=r"^manifest: A has no metadata\.name$"):
        read_manifests(text.replace("generateName", "labels"), generate_names=True)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestError, match=r"a\.yaml: not UTF-8: invalid start byte at byte 0"):
        read_manifests(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_manifests(tmp_path / "none.yaml")


async def test_definitions_and_namespaces_go_first(client: Client) -> None:
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "one", "namespace": "new"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
    objects = [widget, config_map("a") | {"data": {"x": "1"}}, namespace, definition()]
    applied = await client.apply_manifests(objects, field_manager=MANAGER)
    assert [one["kind"] for one in applied] == ["Widget", "ConfigMap", "Namespace", "CustomResourceDefinition"]
    assert [one["metadata"].get("namespace") for one in applied] == ["new", "default", None, None]
    assert [one["manager"] for one in applied[1]["metadata"]["managedFields"]] == [MANAGER]
    again = await client.apply_manifests(objects, field_manager=MANAGER)
    versions = [[one["metadata"]["resourceVersion"] for one in answers] for answers in (applied, again)]
    assert versions[0][:2] == versions[1][:2]


async def test_after_a_definition_discovery_is_asked_anew(client: Client) -> None:
    await client.apply_manifests(definition(), field_manager=MANAGER)
    before = await client.discovery.served()
    (changed,) = await client.apply_manifests(definition(short_names=("wx",)), field_manager=MANAGER)
    assert await client.discovery.served() is not before
    definitions = await client.dynamic("crd")
    assert (await definitions.get("widgets.example.com"))["status"]["acceptedNames"] == changed["spec"]["names"]


async def test_namespaces_of_objects(client: Client) -> None:
    (applied,) = await client.apply_manifests(config_map("a"), field_manager=MANAGER, namespace="kube-system")
    assert applied["metadata"]["namespace"] == "kube-system"
    stated = config_map("a", namespace="default")
    with pytest.raises(ValueError, match="'default', not of 'kube-system'"):
        await client.apply_manifests(stated, field_manager=MANAGER, namespace="kube-system")


async def test_a_dry_run_leaves_nothing(client: Client) -> None:
    (answer,) = await client.apply_manifests(config_map("a"), field_manager=MANAGER, dry_run=True)
    assert answer["metadata"]["name"] == "a"
    with pytest.raises(ApiError, match="not found"):
        await client.resource(CONFIG_MAPS).get("a")


async def test_conflicts_and_force(client: Client) -> None:
    await client.apply_manifests(config_map("a") | {"data": {"x": "1"}}, field_manager="one")
    other = config_map("a") | {"data": {"x": "2"}}
    with pytest.raises(ApiError) as conflict:
        await client.apply_manifests(other, field_manager="two")
    assert (conflict.value.code, conflict.value.reason) == (409, "Conflict")
    assert conflict.value.__notes__ == ["while applying ConfigMap 'a' of object 1"]
    (applied,) = await client.apply_manifests(other, field_manager="two", force=True)
    assert applied["data"] == {"x": "2"}


async def test_a_kind_that_is_not_there(client: Client) -> None:
    with pytest.raises(NoMatchError, match=r'no matches for kind "Widget" in version "example\.com/v1"') as error:
        await client.apply_manifests(
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}", field_manager=MANAGER
        )
    assert error.value.__notes__ == ["while applying Widget 'a' of manifest"]


async def test_a_definition_that_is_never_established(client: Client) -> None:
    await client.apply_manifests(definition(), field_manager=MANAGER)
    other = definition()
    other["metadata"]["name"] = "gadgets.example.com"
    other["spec"]["names"] |= {"plural": "gadgets"}
    with pytest.raises(
        TimeoutError, match=r"the definition gadgets\.example\.com was not established within 0\.2 seconds"
    ):
        await client.apply_manifests(other, field_manager=MANAGER, timeout=0.2)
