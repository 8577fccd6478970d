"""Subresources that are done rather than read: POST of a body (Binding), or a connection with options in its query."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import orjson

from steersman.apimachinery.errors import bad_request, internal_error, not_found, path_not_found
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.handlers.call import Call, rendered
from steersman.apiserver.handlers.options import deadline, is_integer, write_query
from steersman.apiserver.handlers.write import read_body, write_options
from steersman.apiserver.http.message import Response
from steersman.apiserver.registry import metadata, shape
from steersman.apiserver.registry.resource import Action, ActionCall, Object
from steersman.apiserver.registry.stored_form import decode
from steersman.apiserver.registry.write_options import WriteOptions, attributes_of
from steersman.apiserver.request_info import is_true


async def perform(call: Call, action: Action) -> Response:
    """Do the action. Raises 400 for a body or a query that cannot be read, 404 without a parent, and what it raises.

    As in kube-apiserver, admission comes before anybody looks for the parent.
    """
    if action.operation != CREATE:
        await _admitted(call, action, _asked(call, action), _options(call), [])
        return Response(204, b"")
    representation, warnings = call.representation(), list[str]()
    body, options = await _sent(call, action, warnings)
    answer = await _admitted(call, action, body, options, warnings)
    if answer is None:
        return Response(204, b"")
    if answer.get("kind") == "Status":
        # Which has one form, whatever form of its objects the client takes.
        shown = orjson.dumps({**answer, "code": answer.get("code", 201)})
    else:
        shown = representation.part(answer)
    return rendered(call, shown, representation, 201, warnings)


async def _admitted(
    call: Call, action: Action, body: Object, options: WriteOptions, warnings: list[str]
) -> Object | None:
    """The action's answer, once admission has let it pass; ``warnings`` gets those of admission."""
    name = call.info.name or body["metadata"].get("name") or ""
    attributes = attributes_of(action.operation, call.resource, call.namespace, name, body, None, options, action.name)
    is_done = False
    try:
        answer = await _done(call, action, attributes)
        is_done = True
        warnings += attributes.warnings
        return answer
    finally:
        for settle in attributes.on_settled:
            await settle(is_done)


async def _done(call: Call, action: Action, attributes: Attributes) -> Object | None:
    lifecycle, resource, behaviour = call.backend.lifecycle, call.resource, action.behaviour
    namespace, name = attributes.namespace, attributes.name
    admission = lifecycle.admission.steps(action.operation, resource.group_resource)
    await admission.admit(attributes)
    body = attributes.object
    if body is None:
        raise internal_error("an admission plugin took the object away")
    behaviour.prepare(body, namespace, name)
    await admission.validate(attributes)
    parent: Object = {}
    if resource.stored is not None:
        parent_name = behaviour.parent_name(name)
        entry = (await lifecycle.cacher(resource)).get(namespace, parent_name)
        if entry is None:
            raise not_found(resource.group_resource, parent_name)
        parent = decode(resource, entry)
    return await behaviour.act(ActionCall(parent, body, namespace, name, attributes.user, attributes.dry_run))


async def _sent(call: Call, action: Action, warnings: list[str]) -> tuple[Object, WriteOptions]:
    """The body in the shape of its kind, and what else comes with it; ``warnings`` gets those of the body."""
    if call.info.subpath:
        raise path_not_found()
    query, kind = write_query(call.query, "CreateOptions"), action.kind
    body, duplicates = await read_body(call, kind.kind, query.field_validation)
    meta = metadata.metadata_of(body)
    if body.get("apiVersion") in action.also:
        body["apiVersion"] = kind.api_version
    metadata.set_type(body, kind.api_version, kind.kind)
    metadata.set_place(meta, call.resource, call.namespace, "")
    warnings += shape.read_shape(action, body, query.field_validation, duplicates)
    metadata.metadata_of(body)
    action.definition.compiled.default(body)
    return body, write_options(call, query, duplicates)


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
