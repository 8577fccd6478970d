"""Parameters of policies: the objects that a binding names, in the version that the policy's ``paramKind`` says."""

from collections.abc import Sequence

from steersman.admission.policy.binding import ParamRef
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object, Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.registry.stored_form import decode
from steersman.storage.watch_cache import Cacher, Entry

MAX_DECODED = 1000
"""How many parameters are kept as objects, so that not every request reads them anew."""

NO_PARAMS: tuple[None, ...] = (None,)
"""For a binding without parameters: one evaluation, in which they are null."""


class MisconfiguredParams(Exception):
    """Parameters that cannot be had; the text says why, as kube-apiserver does."""


class Params:
    """Reads parameters from the server's caches."""

    def __init__(self, objects: ObjectReader, served: ServedResources) -> None:
        self._objects, self._served = objects, served
        self._decoded: dict[tuple[Resource, str, str], tuple[Entry, Object]] = {}

    def resource(self, kind: GroupVersionKind) -> Resource | None:
        """Where objects of a kind are served; None where they are not."""
        in_version = self._served.in_version(kind.group, kind.version).values()
        return next((one for one in in_version if one.kind == kind.kind and one.stored is not None), None)

    async def collect(
        self, kind: GroupVersionKind | None, resource: Resource | None, reference: ParamRef | None, namespace: str
    ) -> Sequence[Object | None]:
        """The parameters for one request in ``namespace``: the binding is evaluated with each; empty: not at all.

        ``kind`` is the policy's and ``resource`` where it is served. Raises MisconfiguredParams.
        """
        if kind is None or reference is None:
            return NO_PARAMS
        if resource is None:
            raise MisconfiguredParams(f"paramKind kind `{kind_text(kind)}` not known")
        place = _namespace(resource, reference, namespace)
        cacher = await self._objects.ready(resource.group_resource)
        entries = () if cacher is None else _entries(cacher, reference, place)
        if not entries and reference.deny_not_found:
            raise MisconfiguredParams("no params found for policy binding with `Deny` parameterNotFoundAction")
        return [self._object(resource, entry) for entry in entries]

    def _object(self, resource: Resource, entry: Entry) -> Object:
        key = (resource, entry.namespace, entry.name)
        known = self._decoded.get(key)
        if known is not None and known[0] is entry:
            return known[1]
        obj = decode(resource, entry)
        if len(self._decoded) >= MAX_DECODED:
            self._decoded.clear()
        self._decoded[key] = entry, obj
        return obj


def kind_text(kind: GroupVersionKind) -> str:
    """As Go prints a ParamKind."""
    return f"&ParamKind{{APIVersion:{kind.api_version},Kind:{kind.kind},}}"


def _namespace(resource: Resource, reference: ParamRef, namespace: str) -> str:
    if not resource.namespaced:
        if reference.namespace:
            raise MisconfiguredParams("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        return ""
    place = reference.namespace or namespace
    if not place:
        raise MisconfiguredParams(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
        )
    return place


def _entries(cacher: Cacher, reference: ParamRef, namespace: str) -> Sequence[Entry]:
    if reference.name:
        entry = cacher.get(namespace, reference.name)
        return () if entry is None else (entry,)
    if reference.selector is None:
        raise MisconfiguredParams("one of name or selector must be provided")
    matches = reference.selector.matches
    return [entry for entry in cacher.list(namespace or None)[0] if matches(entry.labels)]
