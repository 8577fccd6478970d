"""The operations on what is served: paths, names, parameters and bodies, whatever version of OpenAPI tells of them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.apiserver.openapi.connection_parameters import PARAMETERS_OF_CONNECTIONS, parameters_of
from steersman.apiserver.openapi.definitions import list_name
from steersman.apiserver.openapi.meta_definitions import API_RESOURCE_LIST, DELETE_OPTIONS, PATCH, STATUS

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Action, Resource, Subresource

NameOf = Callable[[GroupVersionKind], str]
"""The definition of a kind, "" when it has none."""

REASONS = {200: "OK", 201: "Created", 202: "Accepted", 401: "Unauthorized"}
"""Descriptions of responses, by HTTP status."""

PARAMETERS = {
    "name": ("path", "string"),
    "namespace": ("path", "string"),
    "allowWatchBookmarks": ("query", "boolean"),
    "continue": ("query", "string"),
    "dryRun": ("query", "string"),
    "fieldManager": ("query", "string"),
    "fieldSelector": ("query", "string"),
    "fieldValidation": ("query", "string"),
    "force": ("query", "boolean"),
    "gracePeriodSeconds": ("query", "integer"),
    "labelSelector": ("query", "string"),
    "limit": ("query", "integer"),
    "orphanDependents": ("query", "boolean"),
    "pretty": ("query", "string"),
    "propagationPolicy": ("query", "string"),
    "resourceVersion": ("query", "string"),
    "resourceVersionMatch": ("query", "string"),
    "sendInitialEvents": ("query", "boolean"),
    "timeoutSeconds": ("query", "integer"),
    "watch": ("query", "boolean"),
    **PARAMETERS_OF_CONNECTIONS,
}
"""Where each parameter stands, and its type."""

INLINE = frozenset(("dryRun", "fieldValidation", *PARAMETERS_OF_CONNECTIONS))
"""Parameters that stand in each operation, not shared: kubectl looks there for what the server can do, and those of
connections few operations have.
"""

JSON, YAML, TEXT = "application/json", "application/yaml", "text/plain"
PRODUCED = (JSON, YAML)
PRODUCED_BY_LISTS = (JSON, f"{JSON};stream=watch", YAML)
ANY_MEDIA = ("*/*",)
PATCHES = ("application/json-patch+json", "application/merge-patch+json")
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_SELECT = ("continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch")
_LIST = ("allowWatchBookmarks", *_SELECT, "sendInitialEvents", "timeoutSeconds", "watch")
_WRITE = ("dryRun", "fieldManager", "fieldValidation")
_DELETE = ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy")


class _Verb(NamedTuple):
    """How a verb appears. ``body`` and ``result``: "object", "list", or the name of a definition; "" for no body."""

    method: str
    action: str
    prefix: str
    parameters: tuple[str, ...]
    body: str
    result: str
    statuses: tuple[int, ...]


_VERBS = {
    "list": _Verb("get", "list", "list", _LIST, "", "list", (200,)),
    "create": _Verb("post", "post", "create", _WRITE, "object", "object", (200, 201, 202)),
    "deletecollection": _Verb(
        "delete",
        "deletecollection",
        "delete",
        (*_DELETE, *_SELECT, "sendInitialEvents", "timeoutSeconds"),
        DELETE_OPTIONS,
        STATUS,
        (200,),
    ),
    "get": _Verb("get", "get", "read", (), "", "object", (200,)),
    "update": _Verb("put", "put", "replace", _WRITE, "object", "object", (200, 201)),
    "patch": _Verb("patch", "patch", "patch", (*_WRITE, "force"), PATCH, "object", (200, 201)),
    "delete": _Verb("delete", "delete", "delete", _DELETE, DELETE_OPTIONS, STATUS, (200, 202)),
}
_OF_COLLECTION = ("list", "create", "deletecollection")
_OF_ITEM = ("get", "update", "patch", "delete")
_OF_SUBRESOURCE = ("get", "create", "update", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """``body`` and ``result`` are names of definitions; "" is no body, or a result that is plain text.

    ``kind`` and ``action`` are None and "" where the operation is on no kind.
    """

    method: str
    id: str
    tag: str
    action: str
    kind: GroupVersionKind | None
    parameters: tuple[str, ...]
    body: str
    body_required: bool
    consumes: tuple[str, ...]
    produces: tuple[str, ...]
    result: str
    statuses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """``path`` with its parameters in braces; ``parameters`` are those that all its operations take."""

    path: str
    parameters: tuple[str, ...]
    operations: tuple[Operation, ...]


def paths_of(group_version: GroupVersion, resources: Iterable["Resource"], name_of: NameOf) -> list[Path]:
    """All paths of one version of a group."""
    paths = [_discovery_path(group_version)]
    for resource in resources:
        paths.extend(_resource_paths(resource, name_of))
    return paths


def _discovery_path(group_version: GroupVersion) -> Path:
    operation = Operation(
        method="get",
        id=f"get{_name_part(group_version)}APIResources",
        tag=_tag(group_version),
        action="",
        kind=None,
        parameters=(),
        body="",
        body_required=False,
        consumes=PRODUCED,
        produces=(JSON,),
        result=API_RESOURCE_LIST,
        statuses=(200,),
    )
    return Path(_root(group_version) + "/", (), (operation,))


def _resource_paths(resource: "Resource", name_of: NameOf) -> Iterator[Path]:
    root = _root(resource.group_version)
    own: tuple[str, ...] = ("namespace",) if resource.namespaced else ()
    collection = f"{root}/namespaces/{{namespace}}/{resource.plural}" if own else f"{root}/{resource.plural}"
    item, item_parameters = f"{collection}/{{name}}", ("name", *own)
    every = (
        Path(collection, (*own, "pretty"), _operations(resource, resource.verbs, _OF_COLLECTION)),
        Path(item, (*item_parameters, "pretty"), _operations(resource, resource.verbs, _OF_ITEM)),
        *(
            Path(f"{item}/{name}", (*item_parameters, "pretty"), _of_subresource(resource, subresource, name_of))
            for name, subresource in sorted(resource.subresources.items())
        ),
        *_action_paths(resource, item, item_parameters, name_of),
    )
    yield from (path for path in every if path.operations)
    if own and "list" in resource.verbs:
        everywhere = _operation(resource, "list", resource.gvk, resource.definition.name, suffix="ForAllNamespaces")
        yield Path(f"{root}/{resource.plural}", ("pretty",), (everywhere,))


def _operations(resource: "Resource", verbs: tuple[str, ...], shown: tuple[str, ...]) -> tuple[Operation, ...]:
    name = resource.definition.name
    return tuple(_operation(resource, verb, resource.gvk, name) for verb in shown if verb in verbs)


def _of_subresource(
    resource: "Resource", subresource: "Subresource | Action", name_of: NameOf
) -> tuple[Operation, ...]:
    suffix = subresource.name.title().replace("/", "")
    return tuple(
        _operation(resource, verb, subresource.kind, name_of(subresource.kind), suffix)
        for verb in _OF_SUBRESOURCE
        if verb in subresource.verbs
    )


def _action_paths(resource: "Resource", item: str, parameters: tuple[str, ...], name_of: NameOf) -> Iterator[Path]:
    """Of subresources that are done; what is behind a proxy has paths of its own."""
    for name, action in sorted(resource.actions.items()):
        match name, action.operation:
            case "", _:
                continue
            case _, "CREATE":
                yield Path(f"{item}/{name}", (*parameters, "pretty"), _of_subresource(resource, action, name_of))
            case _, "CONNECT":
                yield Path(f"{item}/{name}", parameters, _connections(resource, action))
                if name == "proxy":
                    behind = _connections(resource, action, "WithPath", ("subpath",))
                    yield Path(f"{item}/{name}/{{path}}", parameters, behind)
            case _:
                yield Path(f"{item}/{name}", (*parameters, "pretty"), (_text(resource, action),))


def _connections(
    resource: "Resource", action: "Action", suffix: str = "", further: tuple[str, ...] = ()
) -> tuple[Operation, ...]:
    """Whatever goes to and fro is theirs between whom the connection is."""
    verbs = [_VERBS[verb].method for verb in _OF_SUBRESOURCE if verb in action.verbs]
    methods = sorted((*verbs, "head") if action.name == "proxy" else verbs)
    namespaced = "Namespaced" if resource.namespaced else ""
    named = f"{namespaced}{resource.kind}{action.name.title()}{suffix}"
    return tuple(
        Operation(
            method=method,
            id=f"connect{_name_part(resource.group_version)}{method.title()}{named}",
            tag=_tag(resource.group_version),
            action="connect",
            kind=action.kind,
            parameters=(*further, *parameters_of(action)),
            body="",
            body_required=False,
            consumes=ANY_MEDIA,
            produces=ANY_MEDIA,
            result="",
            statuses=(200,),
        )
        for method in methods
    )


def _text(resource: "Resource", action: "Action") -> Operation:
    """Reading what is no object: a log."""
    return Operation(
        method="get",
        id=_operation_id(resource, "get", action.name.title()),
        tag=_tag(resource.group_version),
        action="get",
        kind=action.kind,
        parameters=parameters_of(action),
        body="",
        body_required=False,
        consumes=ANY_MEDIA,
        produces=(TEXT, *PRODUCED),
        result="",
        statuses=(200,),
    )


def _operation(resource: "Resource", verb: str, kind: GroupVersionKind, definition: str, suffix: str = "") -> Operation:
    """``kind`` and ``definition`` are what the operation takes and gives."""
    how = _VERBS[verb]
    named = {"object": definition, "list": list_name(resource)}
    own = (STRATEGIC_MERGE_PATCH,) if resource.strategic_merge else ()
    return Operation(
        method=how.method,
        id=_operation_id(resource, verb, suffix),
        tag=_tag(resource.group_version),
        action=how.action,
        kind=kind,
        parameters=how.parameters,
        body=named.get(how.body, how.body),
        body_required=how.body != DELETE_OPTIONS,
        consumes=(*PATCHES, *own, APPLY_PATCH) if verb == "patch" else ANY_MEDIA,
        produces=PRODUCED_BY_LISTS if verb == "list" else PRODUCED,
        result=named.get(how.result, how.result),
        statuses=how.statuses,
    )


def _operation_id(resource: "Resource", verb: str, suffix: str) -> str:
    """Such as ``readAppsV1NamespacedDeploymentScale``: generated clients take their method names from it."""
    collection = "Collection" if verb == "deletecollection" else ""
    namespaced = "Namespaced" if resource.namespaced and suffix != "ForAllNamespaces" else ""
    where = _name_part(resource.group_version)
    return f"{_VERBS[verb].prefix}{where}{collection}{namespaced}{resource.kind}{suffix}"


def _root(group_version: GroupVersion) -> str:
    return f"/apis/{group_version}" if group_version.group else f"/api/{group_version}"


def _words(group: str) -> list[str]:
    return [word for word in re.split(r"[^A-Za-z0-9_]+", group.removesuffix(".k8s.io") or "core") if word]


def _name_part(group_version: GroupVersion) -> str:
    words = (*_words(group_version.group), group_version.version)
    return "".join(word[:1].upper() + word[1:] for word in words)


def _tag(group_version: GroupVersion) -> str:
    first, *rest = _words(group_version.group)
    return f"{first}{''.join(word[:1].upper() + word[1:] for word in rest)}_{group_version.version}"
