"""Writes that are explained and not done: which step of a Steersman server's admission would change what, or refuse."""

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from steersman.client.api_resource import Codec
from steersman.client.resource_client import ResourceClient
from steersman.client.rest.rest_client import JSON

EXPLANATION = "AdmissionExplanation"
"""The kind of the answers, of admission.steersman.dev/v1."""

_EXPLAINED = {"dryRun": "All", "explain": "true"}


def explaining(client: ResourceClient[Any]) -> ResourceClient[Any]:
    """A client of the same resource that explains its writes, with dicts as answers::

        told = await explaining(client.resource(PODS)).create(pod)
        for step in told["steps"]: ...

    Nothing is stored. ``allowed`` tells whether the write would be, and ``result`` is what it would have answered, a
    Status if it was refused. A server that explains nothing does a dry run and answers as for that: look at ``kind``.
    Raises ApiError 403 for who may not make the write, or not see the chain of admission plugins.
    """
    codec = Codec(orjson.loads, client.resource.codec.encode)
    return _ExplainingClient(client.rest, msgspec.structs.replace(client.resource, codec=codec))


class _ExplainingClient(ResourceClient[Any]):
    async def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        content_type: str = JSON,
    ) -> bytes:
        if method != "GET":
            query = {**(query or {}), **_EXPLAINED}
        return await super()._request(method, path, query, body, content_type=content_type)
