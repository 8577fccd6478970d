"""Connections to what runs on nodes: exec, attach, port-forward, log, proxy. Looked at as kube-apiserver does, and then
refused: this server runs no containers, and there is no kubelet to ask.
"""

from msgspec import Struct

from steersman.apimachinery.errors import (
    ApiError,
    FieldError,
    bad_request,
    field_forbidden,
    field_invalid,
    invalid,
    not_found,
)
from steersman.apimachinery.group_version import GroupKind, GroupResource
from steersman.apimachinery.time import parse_time
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionCall, Object

_NODES = GroupResource("", "nodes")
_ENDPOINTS = GroupResource("", "endpoints")
_SCHEMES = frozenset(("", "http", "https"))
_NO_KUBELET = "this server runs no containers and has no kubelet to ask"
_NO_NETWORK = "this server has no network to Pods"


class Connections(Struct, frozen=True):
    """Each method is an act. All raise ApiError, but for the log of a Pod that has no node yet: it is empty."""

    objects: ObjectReader

    async def to_container(self, call: ActionCall) -> None:
        """``exec`` and ``attach``."""
        container = _container(call.parent, call.body.get("container") or "")
        raise await self._unreachable(call.parent, f"container {container} of pod {call.name}")

    async def to_ports(self, call: ActionCall) -> None:
        """``portforward``."""
        raise await self._unreachable(call.parent, f"pod {call.name}")

    async def to_log(self, call: ActionCall) -> None:
        """``log``."""
        errors = _log_errors(call.body)
        if errors:
            raise invalid(GroupKind("", "PodLogOptions"), call.name, errors)
        container = _container(call.parent, call.body.get("container") or "")
        if _node(call.parent):
            raise await self._unreachable(call.parent, f"container {container} of pod {call.name}")

    async def to_pod(self, call: ActionCall) -> None:
        """``pods/proxy``."""
        status = call.parent.get("status") or {}
        if not (status.get("podIP") or status.get("podIPs")):
            raise bad_request("address not allowed")
        raise _unavailable(f'cannot reach pod "{call.name}": {_NO_NETWORK}')

    async def to_service(self, call: ActionCall) -> None:
        """``services/proxy``."""
        _, _, port = split_name(call.name)
        meta, ports = call.parent["metadata"], (call.parent.get("spec") or {}).get("ports") or ()
        if port.isdecimal() and not any(one.get("port") == int(port) for one in ports):
            raise _unavailable(f'no service port {port} found for service "{meta["name"]}"')
        entry = await self.objects.get(_ENDPOINTS, meta["namespace"], meta["name"])
        if entry is None:
            raise not_found(_ENDPOINTS, meta["name"])
        if not any(one.get("addresses") for one in entry.parsed().get("subsets") or ()):
            raise _unavailable(f'no endpoints available for service "{meta["name"]}"')
        raise _unavailable(f'cannot reach service "{call.name}": {_NO_NETWORK}')

    async def to_node(self, call: ActionCall) -> None:
        """``nodes/proxy``."""
        raise _unavailable(f'cannot reach node "{call.name}": {_NO_KUBELET}')

    async def _unreachable(self, pod: Object, what: str) -> ApiError:
        """Why there is no connection to something on the Pod's node."""
        node = _node(pod)
        if not node:
            return bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
        if await self.objects.get(_NODES, "", node) is None:
            return not_found(_NODES, node)
        return _unavailable(f"cannot connect to {what} on node {node}: {_NO_KUBELET}")


def pod_name(name: str) -> str:
    """The Pod's name in that of a URL, ``SCHEME:NAME:PORT``. Raises 400."""
    return _name(name, "pod")


def service_name(name: str) -> str:
    """As above, of a Service."""
    return _name(name, "service")


def node_name(name: str) -> str:
    """As above, of a Node."""
    return _name(name, "node")


def _name(name: str, what: str) -> str:
    scheme, found, _ = split_name(name)
    if not found or scheme not in _SCHEMES:
        raise bad_request(f'invalid {what} request "{name}"')
    return found


def split_name(name: str) -> tuple[str, str, str]:
    """Scheme, name and port of ``NAME``, ``NAME:PORT`` or ``SCHEME:NAME:PORT``; empty what is not given, or is none."""
    match name.split(":"):
        case [only]:
            return "", only, ""
        case [first, port]:
            return "", first, port
        case [scheme, second, port]:
            return scheme, second, port
    return "", "", ""


def _node(pod: Object) -> str:
    return (pod.get("spec") or {}).get("nodeName") or ""


def _container(pod: Object, asked: str) -> str:
    """The name of the container that is meant. Raises 400."""
    spec, name = pod.get("spec") or {}, pod["metadata"]["name"]
    kinds = ("initContainers", "containers", "ephemeralContainers")
    names: list[str] = [one.get("name") or "" for kind in kinds for one in spec.get(kind) or ()]
    if asked:
        if asked not in names:
            raise bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    regular: list[Object] = spec.get("containers") or []
    if len(regular) == 1:
        name_of_it: str = regular[0].get("name") or ""
        return name_of_it
    choice = f", choose one of: [{' '.join(names)}]" if names else ""
    raise bad_request(f"a container name must be specified for pod {name}{choice}")


def _log_errors(options: Object) -> list[FieldError]:
    errors = []
    if options.get("sinceTime"):
        _check_time(options["sinceTime"])
    if options.get("tailLines", 0) < 0:
        errors.append(field_invalid("tailLines", options["tailLines"], "must be greater than or equal to 0"))
    if options.get("limitBytes", 1) < 1:
        errors.append(field_invalid("limitBytes", options["limitBytes"], "must be greater than 0"))
    if "sinceSeconds" in options and "sinceTime" in options:
        told = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(field_forbidden("", told))
    elif options.get("sinceSeconds", 1) < 1:
        errors.append(field_invalid("sinceSeconds", options["sinceSeconds"], "must be greater than 0"))
    return errors


def _check_time(text: str) -> None:
    try:
        parse_time(text)
    except ValueError as error:
        raise bad_request(str(error)) from None


def _unavailable(message: str) -> ApiError:
    """503 without Retry-After: it will be the same in a second."""
    return ApiError(503, "ServiceUnavailable", message)
