"""Subresources that are done rather than read: POST of a body (Binding), or a connection with options in its query."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from steersman.apimachinery.errors import bad_request, path_not_found
from steersman.apiserver.admission import CREATE
from steersman.apiserver.handlers.call import Call, rendered
from steersman.apiserver.handlers.options import deadline, is_integer, write_query
from steersman.apiserver.handlers.write import read_body, write_options
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry import metadata, shape
from steersman.apiserver.registry.resource import Action, Object
from steersman.apiserver.registry.write_options import WriteOptions
from steersman.apiserver.request_info import is_true


async def perform(call: Call, action: Action) -> Response:
    """Do the action. Raises 400 for a body or a query that cannot be read, and what the life cycle raises."""
    representation = call.representation()
    if action.operation == CREATE:
        body, warnings, options = await _sent(call, action)
    else:
        body, warnings, options = _asked(call, action), [], _options(call)
    name = call.info.name or metadata.metadata_of(body).get("name") or ""
    answer, more = await call.backend.lifecycle.act(call.resource, action, call.namespace, name, body, options)
    if answer.get("kind") == "Status":
        answer.setdefault("code", 201)
    return rendered(call, representation.part(answer), representation, 201, [*warnings, *more])


async def _sent(call: Call, action: Action) -> tuple[Object, list[str], WriteOptions]:
    """The body in the shape of its kind, warnings, and what else comes with it."""
    if call.info.subpath:
        raise path_not_found()
    query, kind = write_query(call.query, "CreateOptions"), action.kind
    body, duplicates = await read_body(call, kind.kind, query.field_validation)
    meta = metadata.metadata_of(body)
    if body.get("apiVersion") in action.also:
        body["apiVersion"] = kind.api_version
    metadata.set_type(body, kind.api_version, kind.kind)
    metadata.set_place(meta, call.resource, call.namespace, "")
    warnings = shape.read_shape(action, body, query.field_validation, duplicates)
    metadata.metadata_of(body)
    action.definition.compiled.default(body)
    return body, warnings, write_options(call, query, duplicates)


def _options(call: Call) -> WriteOptions:
    """A connection has none but the deadline."""
    agent = call.request.headers.get(b"user-agent", b"")
    return WriteOptions(
        call.user, field_validation="", user_agent=agent, deadline=deadline(call.query), observed=call.request.observed
    )


def _asked(call: Call, action: Action) -> Object:
    """The options of a connection, from its query: parameters that they do not know are left out."""
    fields: Mapping[str, Mapping[str, Any]] = action.definition.load()["properties"]
    options: Object = {"kind": action.definition.name.rpartition(".")[2], "apiVersion": action.kind.api_version}
    for name, values in parse_qs(call.request.query, keep_blank_values=True).items():
        schema = fields.get(name)
        if schema is not None and name not in options:
            options[name] = _value(schema, values)
    if "path" in fields:
        options["path"] = _subpath(call)
    elif call.info.subpath:
        raise path_not_found()
    return options


def _subpath(call: Call) -> str:
    """What follows ``proxy`` in the URL, with the slashes around it that stand there."""
    path = f"/{call.info.subpath}" if call.info.subpath else ""
    return f"{path}/" if call.info.path.endswith("/") else path


def _value(schema: Mapping[str, Any], values: Sequence[str]) -> Any:
    match schema["type"]:
        case "array":
            return [_value(schema["items"], [value]) for value in values]
        case "boolean":
            return is_true(values[0])
        case "integer":
            return _number(values[0])
        case _:
            return values[0]


def _number(text: str) -> int:
    if not is_integer(text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)
