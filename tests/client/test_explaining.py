"""Writes that are explained, against a real control plane."""

from dataclasses import dataclass

import orjson
import pytest

from steersman.client import ApiResource, Client
from steersman.client.api_resource import DICTS, Codec
from steersman.client.explaining import EXPLANATION, explaining


@dataclass
class Settings:
    name: str
    data: dict[str, str]


def encode(settings: Settings) -> bytes:
    return orjson.dumps({"metadata": {"name": settings.name}, "data": settings.data})


def decode(data: bytes) -> Settings:
    obj = orjson.loads(data)
    return Settings(obj["metadata"]["name"], obj.get("data") or {})


SETTINGS = ApiResource("", "v1", "configmaps", "ConfigMap", True, Codec(decode, encode))
CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)


async def test_a_write_is_sent_as_its_type_and_answered_by_its_explanation(client: Client) -> None:
    told = await explaining(client.resource(SETTINGS)).create(Settings("told", {"a": "b"}))

    assert (told["kind"], told["allowed"], told["result"]["data"]) == (EXPLANATION, True, {"a": "b"})


async def test_nothing_is_done_and_reading_is_as_ever(client: Client) -> None:
    plain = client.resource(CONFIG_MAPS)
    stored = await plain.create({"metadata": {"name": "kept"}})
    explained = explaining(plain)

    done = [
        await explained.update(stored | {"data": {"a": "b"}}),
        await explained.patch("kept", {"data": {"a": "b"}}),
        await explained.delete("kept"),
    ]

    assert [one["request"]["operation"] for one in done] == ["UPDATE", "UPDATE", "DELETE"]
    assert await explained.get("kept") == await plain.get("kept") == stored


async def test_what_cannot_be_sent_is_refused_as_ever(client: Client) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        await explaining(client.resource(CONFIG_MAPS)).delete("")
