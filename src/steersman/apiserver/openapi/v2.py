"""The OpenAPI v2 document (Swagger 2.0) of all that is served, put together from a part for each version of a group.

A part is made once and kept as encoded bytes: when a custom resource comes or goes, only its own part is made anew.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from steersman.apimachinery.group_version import GroupVersion
from steersman.apiserver.openapi.connection_parameters import NAMES
from steersman.apiserver.openapi.definitions import Definitions, Resolve
from steersman.apiserver.openapi.descriptions import Describe
from steersman.apiserver.openapi.meta_definitions import GROUP_VERSION_KIND, kind_tag, reference
from steersman.apiserver.openapi.operations import INLINE, PARAMETERS, REASONS, Operation, Path, paths_of
from steersman.apiserver.openapi.v2_protobuf import encode_definition, encode_document, encode_path
from steersman.apiserver.openapi.v2_schema import v2_definition

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Resource


class Part:
    """Paths and definitions of one version of a group, each encoded by name."""

    def __init__(
        self, group_version: GroupVersion, resources: Iterable["Resource"], builtin: Resolve | None, describe: Describe
    ) -> None:
        resources = sorted(resources, key=lambda one: one.plural)
        definitions = Definitions(resources, builtin, describe)
        paths = paths_of(group_version, resources, definitions.name_of)
        self.paths = {path.path: orjson.dumps(_path(path)) for path in paths}
        self.definitions = {name: orjson.dumps(v2_definition(schema)) for name, schema in definitions.schemas.items()}

    @cached_property
    def protobuf_paths(self) -> dict[str, bytes]:
        return {path: encode_path(path, orjson.loads(body)) for path, body in self.paths.items()}

    @cached_property
    def protobuf_definitions(self) -> dict[str, bytes]:
        return {name: encode_definition(name, orjson.loads(body)) for name, body in self.definitions.items()}


def json_document(parts: Iterable[Part], version: str) -> bytes:
    """The document in JSON; ``version`` is that of the API it tells of."""
    paths, definitions = _merged(parts)
    members = [orjson.dumps(_head(version))[:-1]]
    for name, encoded in (("paths", paths), ("definitions", definitions)):
        listed = b",".join(orjson.dumps(key) + b":" + body for key, body in sorted(encoded.items()))
        members.append(b'"%b":{%b}' % (name.encode(), listed))
    return b",".join(members) + b"}"


def protobuf_document(parts: Iterable[Part], version: str) -> bytes:
    """The document as gnostic's ``openapi.v2.Document``."""
    paths: dict[str, bytes] = {}
    definitions: dict[str, bytes] = {}
    for part in parts:
        paths |= part.protobuf_paths
        definitions |= part.protobuf_definitions
    listed = (b"".join(encoded for _, encoded in sorted(each.items())) for each in (paths, definitions))
    return encode_document(_head(version), *listed)


def _merged(parts: Iterable[Part]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    paths: dict[str, bytes] = {}
    definitions: dict[str, bytes] = {}
    for part in parts:
        paths |= part.paths
        definitions |= part.definitions
    return paths, definitions


def _head(version: str) -> dict[str, Any]:
    shared = {name: _parameter(name) for name in PARAMETERS if name not in INLINE}
    return {"swagger": "2.0", "info": {"title": "Kubernetes", "version": version}, "parameters": shared}


def _parameter(name: str) -> dict[str, Any]:
    place, kind = PARAMETERS[name]
    required = {"required": True} if place == "path" else {}
    return {"name": NAMES.get(name, name), "in": place, "type": kind, "uniqueItems": True, **required}


def _path(path: Path) -> dict[str, Any]:
    written: dict[str, Any] = {operation.method: _operation(operation) for operation in path.operations}
    if path.parameters:
        written["parameters"] = [{"$ref": f"#/parameters/{name}"} for name in path.parameters]
    return written


def _operation(operation: Operation) -> dict[str, Any]:
    parameters = [
        _parameter(name) if name in INLINE else {"$ref": f"#/parameters/{name}"} for name in operation.parameters
    ]
    if operation.body:
        body: dict[str, Any] = {"name": "body", "in": "body", "schema": reference(operation.body)}
        if operation.body_required:
            body["required"] = True
        parameters.insert(0, body)
    result = reference(operation.result) if operation.result else {"type": "string"}
    written: dict[str, Any] = {
        "consumes": operation.consumes,
        "operationId": operation.id,
        "produces": operation.produces,
        "responses": _responses(operation.statuses, result),
        "schemes": ["https"],
        "tags": [operation.tag],
    }
    if parameters:
        written["parameters"] = parameters
    if operation.kind is not None:
        written["x-kubernetes-action"] = operation.action
        written[GROUP_VERSION_KIND] = kind_tag(*operation.kind)
    return written


def _responses(statuses: Iterable[int], result: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {str(status): {"description": REASONS[status], "schema": result} for status in statuses}
    written["401"] = {"description": REASONS[401]}
    return written
