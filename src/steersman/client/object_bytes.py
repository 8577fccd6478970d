"""Look into an object's JSON without decoding it: where it belongs, and whether it says what it is."""

from typing import Any

import msgspec
import orjson

from steersman.client.api_resource import ApiResource


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = None


class ObjectHead(msgspec.Struct, gc=False, rename="camel"):
    """The type and the place of an object; empty where it does not say."""

    api_version: str | None = None
    kind: str | None = None
    metadata: _Metadata | None = None

    @property
    def name(self) -> str:
        return (self.metadata and self.metadata.name) or ""

    @property
    def namespace(self) -> str:
        return (self.metadata and self.metadata.namespace) or ""

    @property
    def resource_version(self) -> str:
        return (self.metadata and self.metadata.resource_version) or ""


class _Type(msgspec.Struct, gc=False, rename="camel"):
    api_version: str | None = None
    kind: str | None = None


_decode_head = msgspec.json.Decoder(ObjectHead).decode
_decode_type = msgspec.json.Decoder(_Type).decode


def read_head(data: bytes | msgspec.Raw) -> ObjectHead:
    """Raises ValueError if ``data`` is no JSON object, or names, namespace or type are no strings."""
    try:
        return _decode_head(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an object of the API: {error}") from None


def with_type(data: bytes, resource: ApiResource[Any]) -> bytes:
    """The object with ``apiVersion`` and ``kind`` of ``resource``, where it lacks them.

    Items of a list lack them in most servers' answers (API conventions, "Lists and Simple kinds"); a client's objects
    may, for the client knows what they are. Raises ValueError if ``data`` is no JSON object.
    """
    try:
        stated = _decode_type(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an object of the API: {error}") from None
    lacking = {}
    if not stated.api_version:
        lacking["apiVersion"] = resource.api_version
    if not stated.kind:
        lacking["kind"] = resource.kind
    if not lacking:
        return data
    rest = data.lstrip()[1:].lstrip()
    return orjson.dumps(lacking)[:-1] + (rest if rest.startswith(b"}") else b"," + rest)
