"""What clients can ask objects to look like: YAML, Tables, metadata alone, indented."""

import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    METADATA,
    METADATA_LIST,
    TABLE,
    Client,
    config_map,
    failure,
)

A = f"{CONFIG_MAPS}/a"


async def test_a_table(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a", x="1"))

    table = (await api.get(CONFIG_MAPS, accept=TABLE)).body

    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    [row] = table["rows"]
    assert row["cells"][:2] == ["a", 1]
    assert row["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": made["metadata"],
    }
    assert (await api.get(A, accept=TABLE)).body["rows"] == table["rows"]


@pytest.mark.parametrize(
    ("include", "kind"), [("None", None), ("Object", "ConfigMap"), ("Metadata", "PartialObjectMetadata")]
)
async def test_what_rows_include(api: Client, include: str, kind: str | None) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    [row] = (await api.get(CONFIG_MAPS, accept=TABLE, includeObject=include)).body["rows"]

    assert (row["object"] or {}).get("kind") == kind


async def test_rows_include_nothing_else(api: Client) -> None:
    assert failure(await api.get(CONFIG_MAPS, accept=TABLE, includeObject="All"))[:2] == (400, "BadRequest")


async def test_metadata_alone(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a", x="1"))

    shown = (await api.get(A, accept=METADATA)).body
    listed = (await api.get(CONFIG_MAPS, accept=METADATA_LIST)).body

    assert shown == {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": made["metadata"]}
    assert listed["kind"] == "PartialObjectMetadataList"
    assert listed["items"] == [shown]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/yaml", "application/yaml"),
        ("application/yaml;q=0.5,application/json", "application/json"),
        ("application/vnd.kubernetes.protobuf,application/json", "application/json"),
        ("application/json;as=Nothing;g=meta.k8s.io;v=v1,application/yaml", "application/yaml"),
    ],
)
async def test_the_best_accepted_form_is_given(api: Client, accept: str, content_type: str) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    reply = await api.get(A, accept=accept)

    assert (reply.status, reply.content_type) == (200, content_type)


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;as=Table;g=x;v=v1"])
async def test_forms_that_there_are_not(api: Client, accept: str) -> None:
    refused = failure(await api.get(CONFIG_MAPS, accept=accept))

    assert refused == (
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json, application/yaml",
    )


async def test_yaml_of_every_answer(api: Client) -> None:
    made = await api.create(CONFIG_MAPS, config_map("a"), accept="application/yaml")
    listed = await api.get(CONFIG_MAPS, accept="application/yaml")
    patched = await api.patch(A, {"data": {"x": "1"}}, accept="application/yaml")
    deleted = await api.delete(A, accept="application/yaml")

    assert made.body.startswith("apiVersion: v1\nkind: ConfigMap\n")
    assert listed.body.startswith("kind: ConfigMapList\n")
    assert 'x: "1"' in patched.body or "x: '1'" in patched.body
    assert deleted.body.startswith("kind: Status\n")


@pytest.mark.parametrize(
    ("pretty", "indented"), [("true", True), ("1", True), ("", False), ("false", False), ("0", False)]
)
async def test_pretty_is_indented(api: Client, pretty: str, indented: bool) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    answer = await api.answer("GET", A, pretty=pretty)

    assert (b"\n  " in bytes(answer.body)) is indented  # type: ignore[union-attr,arg-type]
