"""What ConfigMaps and Secrets may hold, over HTTP."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.apis.config_data import MAX_BYTES, check_config_key
from steersman.client import Client
from steersman.client.kinds import core_v1

RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',"
    "  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
IMMUTABLE = "Forbidden: field is immutable when `immutable` is set"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving() as client:
        yield client


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("a", []),
        ("KEY_NAME-1.txt", []),
        (".hidden", []),
        ("...", ["must not start with '..'"]),
        ("a..b", []),
        ("k" * 253, []),
        ("k" * 254, ["must be no more than 253 characters"]),
        ("", [RULE]),
        ("a b", [RULE]),
        ("a/b", [RULE]),
        ("a\n", [RULE]),
        ("ä", [RULE]),
        (".", ["must not be '.'"]),
        ("..", ["must not be '..'"]),
        ("..a/", [RULE, "must not start with '..'"]),
    ],
)
def test_keys(key: str, wrong: list[str]) -> None:
    assert check_config_key(key) == wrong


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "a key": (core_v1.CONFIG_MAPS, {"data": {"a b": "x"}}, f'data[a b]: Invalid value: "a b": {RULE}'),
    "a key of bytes": (
        core_v1.CONFIG_MAPS,
        {"binaryData": {"..": encoded("x")}},
        "binaryData[..]: Invalid value: \"..\": must not be '..'",
    ),
    "a key in both": (
        core_v1.CONFIG_MAPS,
        {"data": {"a": "x", "b": "x"}, "binaryData": {"a": encoded("x")}},
        'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ),
    "too much": (
        core_v1.CONFIG_MAPS,
        {"data": {"a": "x" * MAX_BYTES}, "binaryData": {"b": encoded("y")}},
        f": Too long: may not be more than {MAX_BYTES} bytes",
    ),
    "a secret's key": (core_v1.SECRETS, {"data": {"a/b": encoded("x")}}, f'data[a/b]: Invalid value: "a/b": {RULE}'),
    "a secret's plain key": (
        core_v1.SECRETS,
        {"stringData": {".": "x"}},
        "data[.]: Invalid value: \".\": must not be '.'",
    ),
    "too much of a secret": (
        core_v1.SECRETS,
        {"stringData": {"a": "x" * (MAX_BYTES + 1)}},
        f"data: Too long: may not be more than {MAX_BYTES} bytes",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_held_is_refused(client: Client, case: str) -> None:
    resource, content, message = REFUSED[case]
    kind = resource.kind

    refused = await refusal(client.resource(resource).create({"metadata": {"name": "x"}, **content}))
    await client.resource(resource).create({"metadata": {"name": "x"}})
    changed = await refusal(client.resource(resource).patch("x", content))

    assert (refused.code, refused.reason) == (422, "Invalid")
    assert refused.message == changed.message == f'{kind} "x" is invalid: {message}'


@pytest.mark.parametrize(
    ("resource", "content"),
    [
        (core_v1.CONFIG_MAPS, {"data": {"a": "x" * MAX_BYTES}}),
        (core_v1.CONFIG_MAPS, {"data": {"a": "ä" * (MAX_BYTES // 2)}}),
        (core_v1.CONFIG_MAPS, {"data": None, "binaryData": {"a": encoded("x")}}),
        (core_v1.SECRETS, {"stringData": {"a": "x" * MAX_BYTES}}),
        (core_v1.SECRETS, {"data": {"a": ""}}),
        (core_v1.CONFIG_MAPS, {"data": {"a": None}, "binaryData": {"b": None}}),
        (core_v1.SECRETS, {"data": {"a": None}, "stringData": {"b": None}}),
    ],
    ids=["one MiB", "letters of two bytes", "bytes", "one MiB of a secret", "nothing", "nulls", "a secret's nulls"],
)
async def test_what_just_fits_is_held(client: Client, resource: Any, content: Any) -> None:
    await client.resource(resource).create({"metadata": {"name": "x"}, **content})


@pytest.mark.parametrize("resource", [core_v1.CONFIG_MAPS, core_v1.SECRETS], ids=["ConfigMap", "Secret"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {"a": encoded("y")}}, f"data: {IMMUTABLE}"),
        ({"data": None}, f"data: {IMMUTABLE}"),
        ({"immutable": None}, f"immutable: {IMMUTABLE}"),
        ({"immutable": False, "data": {"b": ""}}, f"[immutable: {IMMUTABLE}, data: {IMMUTABLE}]"),
    ],
    ids=["changed", "emptied", "unlocked", "both"],
)
async def test_what_is_immutable_stays(client: Client, resource: Any, change: Any, message: str) -> None:
    objects = client.resource(resource)
    await objects.create({"metadata": {"name": "x"}, "immutable": True, "data": {"a": encoded("x")}})

    refused = await refusal(objects.patch("x", change))
    labelled = await objects.patch("x", {"metadata": {"labels": {"a": "b"}}})

    assert (refused.code, refused.message) == (422, f'{resource.kind} "x" is invalid: {message}')
    assert labelled["metadata"]["labels"] == {"a": "b"}


async def test_what_is_not_immutable_yet_can_be_changed_while_it_becomes_so(client: Client) -> None:
    config_maps = client.resource(core_v1.CONFIG_MAPS)
    await config_maps.create({"metadata": {"name": "x"}, "data": {"a": "b"}})

    locked = await config_maps.patch("x", {"immutable": True, "data": {"a": "c"}})

    assert locked.get("data") == {"a": "c"}
