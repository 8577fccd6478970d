"""The OpenAPI v3 document of one version of a group (KEP-2896)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from steersman.apimachinery.group_version import GroupVersion
from steersman.apiserver.openapi.connection_parameters import NAMES
from steersman.apiserver.openapi.definitions import Definitions, Resolve
from steersman.apiserver.openapi.descriptions import Describe
from steersman.apiserver.openapi.meta_definitions import GROUP_VERSION_KIND, kind_tag
from steersman.apiserver.openapi.operations import INLINE, PARAMETERS, REASONS, Operation, Path, paths_of
from steersman.apiserver.openapi.v3_schema import component, v3_definition

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Resource


def v3_document(
    group_version: GroupVersion,
    resources: Iterable["Resource"],
    builtin: Resolve | None,
    describe: Describe,
    version: str,
) -> bytes:
    """The document in JSON; ``version`` is that of the API as a whole."""
    resources = sorted(resources, key=lambda one: one.plural)
    definitions = Definitions(resources, builtin, describe)
    paths = paths_of(group_version, resources, definitions.name_of)
    shared = {name: _parameter(name) for name in PARAMETERS if name not in INLINE}
    schemas = {name: v3_definition(name, schema) for name, schema in sorted(definitions.schemas.items())}
    return orjson.dumps(
        {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": version},
            "paths": {path.path: _path(path) for path in paths},
            "components": {"parameters": shared, "schemas": schemas},
        }
    )


def _parameter(name: str) -> dict[str, Any]:
    place, kind = PARAMETERS[name]
    required = {"required": True} if place == "path" else {}
    return {"name": NAMES.get(name, name), "in": place, "schema": {"type": kind, "uniqueItems": True}, **required}


def _shared(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _path(path: Path) -> dict[str, Any]:
    written: dict[str, Any] = {operation.method: _operation(operation) for operation in path.operations}
    if path.parameters:
        written["parameters"] = [_shared(name) for name in path.parameters]
    return written


def _operation(operation: Operation) -> dict[str, Any]:
    result = component(operation.result) if operation.result else {"type": "string"}
    written: dict[str, Any] = {"operationId": operation.id, "responses": _responses(operation, result)}
    if operation.parameters:
        written["parameters"] = [_parameter(name) if name in INLINE else _shared(name) for name in operation.parameters]
    if operation.body:
        written["requestBody"] = {"content": _content(operation.consumes, component(operation.body))}
        if operation.body_required:
            written["requestBody"]["required"] = True
    written["tags"] = [operation.tag]
    if operation.kind is not None:
        written["x-kubernetes-action"] = operation.action
        written[GROUP_VERSION_KIND] = kind_tag(*operation.kind)
    return written


def _content(media: Iterable[str], schema: dict[str, Any]) -> dict[str, Any]:
    return {one: {"schema": schema} for one in media}


def _responses(operation: Operation, result: dict[str, Any]) -> dict[str, Any]:
    content = _content(operation.produces, result)
    written: dict[str, Any] = {
        str(status): {"description": REASONS[status], "content": content} for status in operation.statuses
    }
    written["401"] = {"description": REASONS[401]}
    return written
