"""What a request asks for, read from its method and URL: verb, group, version, namespace, resource, subresource, name.

The grammar is that of "API concepts", sections "Resource URIs" and "Standard API terminology".
"""

from typing import NamedTuple

from steersman.apimachinery import field_selector
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.names import path_segment_name

_METHOD_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OF_COLLECTIONS = frozenset(("list", "watch", "deletecollection"))
_NAMESPACE_SUBRESOURCES = frozenset(("status", "finalize"))


class RequestInfo(NamedTuple):
    """``is_resource`` is false for paths such as /version, of which only ``verb`` (the lower-case method) is known.

    ``name`` of a list or watch is the one that its field selector asks for, so that it can be authorized by name;
    the selectors, as they were sent, are those of lists, watches and deletions of collections. ``subpath`` is what
    follows the subresource, without a slash around it: ``x/y`` of ``nodes/n/proxy/x/y``.
    """

    verb: str
    path: str
    is_resource: bool = False
    group: str = ""
    version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    field_selector: str = ""
    label_selector: str = ""
    subpath: str = ""


def is_true(value: str) -> bool:
    """A boolean query parameter that is present: all but ``0`` and ``false`` is true, as kube-apiserver reads it."""
    return value != "0" and value.lower() != "false"


def request_info(method: str, path: str, query: dict[str, str]) -> RequestInfo:
    """Never fails: what does not look like a resource is a non-resource path."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        group, at = "", 1
    elif parts[0] == "apis":
        group, at = (parts[1] if len(parts) > 1 else ""), 2
    else:
        return RequestInfo(method.lower(), path)
    if len(parts) < at + 2:
        return RequestInfo(method.lower(), path)
    version, rest = parts[at], parts[at + 1 :]
    verb = _METHOD_VERBS.get(method, method.lower())
    if rest[0] == "watch" and len(rest) > 1:
        verb, rest = "watch", rest[1:]
    namespace, resource, name, subresource, subpath = _split_resource(rest)
    if verb == "get":
        if "watch" in query and is_true(query["watch"]) and not subresource:
            verb = "watch"
        elif not name:
            verb = "list"
        if not name and "fieldSelector" in query:
            name = _selected_name(query["fieldSelector"])
    elif verb == "delete" and not name:
        verb = "deletecollection"
    if query and verb in _OF_COLLECTIONS:
        fields, labels = query.get("fieldSelector", ""), query.get("labelSelector", "")
        return RequestInfo(verb, path, True, group, version, namespace, resource, subresource, name, fields, labels)
    if subpath:
        return RequestInfo(verb, path, True, group, version, namespace, resource, subresource, name, "", "", subpath)
    return RequestInfo(verb, path, True, group, version, namespace, resource, subresource, name)


def _split_resource(rest: list[str]) -> tuple[str, str, str, str, str]:
    """Path segments after the version, to (namespace, resource, name, subresource, subpath)."""
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
            rest = rest[2:]
    resource, *tail = rest
    if len(tail) < 2:
        return namespace, resource, tail[0] if tail else "", "", ""
    return namespace, resource, tail[0], tail[1], "/".join(tail[2:])


def _selected_name(selector: str) -> str:
    """The one name that a field selector allows, empty for none; what cannot be read is refused further on."""
    try:
        name = field_selector.parse(selector).required_value("metadata.name")
    except ApiError:
        return ""
    return name if name and not path_segment_name(name, False) else ""
