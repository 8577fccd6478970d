"""LimitRanger: each LimitRange of a namespace gives its Pods what they do not ask for, and bounds what they do.

Specified in the API reference, LimitRange.
"""

from collections.abc import Awaitable, Iterator, Mapping
from typing import Any

from steersman.admission import limit_constraints
from steersman.admission.configuration import ReadsObjects
from steersman.admission.pod_spec import INIT, MAIN, PODS, containers
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Object

LIMIT_RANGES = GroupResource("", "limitranges")
CLAIMS = GroupResource("", "persistentvolumeclaims")
ANNOTATION = "kubernetes.io/limit-ranger"

_SPOKEN = {MAIN: "container", INIT: "init container"}


class LimitRanger(ReadsObjects):
    """An update is looked at where it can change what an object takes: a claim, and a Pod that is resized."""

    name = "LimitRanger"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS, CLAIMS))

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        pod = attributes.object
        if pod is None or attributes.group_resource != PODS or not _is_looked_at(attributes) or self._there_are_none():
            return None
        return self._complete(attributes.namespace, pod)

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        obj = attributes.object
        if obj is None or not _is_looked_at(attributes) or self._there_are_none():
            return None
        return self._check(attributes, obj)

    def _there_are_none(self) -> bool:
        cacher = self._objects.cacher(LIMIT_RANGES)
        return cacher is None or (cacher.ready and not cacher.count)

    async def _complete(self, namespace: str, pod: Object) -> None:
        for entry in await self._objects.list(LIMIT_RANGES, namespace):
            _give_defaults(pod, entry.parsed())

    async def _check(self, attributes: Attributes, obj: Object) -> None:
        check = limit_constraints.of_claim if attributes.group_resource == CLAIMS else limit_constraints.of_pod
        for entry in await self._objects.list(LIMIT_RANGES, attributes.namespace):
            wrong: dict[str, None] = {}
            for limit in _limits(entry.parsed()):
                wrong.update(dict.fromkeys(check(limit, obj, attributes.old_object)))
            if wrong:
                message = next(iter(wrong)) if len(wrong) == 1 else f"[{', '.join(wrong)}]"
                raise forbidden(attributes.group_resource, attributes.name, message)


def _is_looked_at(attributes: Attributes) -> bool:
    old = attributes.old_object
    if old is not None and old["metadata"].get("deletionTimestamp"):
        return False
    if attributes.group_resource == CLAIMS:
        return not attributes.subresource
    return attributes.subresource == ("" if attributes.operation == CREATE else "resize")


def _limits(limit_range: Object) -> list[Object]:
    return list((limit_range.get("spec") or {}).get("limits") or ())


def _give_defaults(pod: Object, limit_range: Object) -> None:
    """Set what containers leave open, and tell so in an annotation."""
    default: dict[str, Any] = {}
    default_request: dict[str, Any] = {}
    for limit in _limits(limit_range):
        if limit.get("type") == limit_constraints.CONTAINER:
            default_request.update(limit.get("defaultRequest") or {})
            default.update(limit.get("default") or {})
    given: list[str] = []
    for kind in (MAIN, INIT):
        for _, container in containers(pod, (kind,)):
            of_whom = f"{_SPOKEN[kind]} {container.get('name') or ''}"
            given += _set_missing(container, "requests", default_request, f"request for {of_whom}")
            given += _set_missing(container, "limits", default, f"limit for {of_whom}")
    if given:
        meta = pod["metadata"]
        told = f"LimitRanger plugin set: {'; '.join(given)}"
        meta["annotations"] = {**(meta.get("annotations") or {}), ANNOTATION: told}


def _set_missing(container: Object, part: str, defaults: Mapping[str, Any], told: str) -> Iterator[str]:
    resources = container.get("resources") or {}
    present = resources.get(part) or {}
    missing = {name: defaults[name] for name in sorted(defaults) if present.get(name) is None}
    if missing:
        container["resources"] = {**resources, part: {**present, **missing}}
        yield f"{', '.join(missing)} {told}"
