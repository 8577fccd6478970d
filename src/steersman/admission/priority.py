"""Priority: a Pod has the priority of its PriorityClass, and says no number of its own.

Specified in "Pod Priority and Preemption".
"""

from collections.abc import Awaitable, Iterator
from typing import Any

from steersman.admission.configuration import ReadsObjectsOfMinor
from steersman.admission.pod_spec import PODS, spec_of
from steersman.apimachinery.errors import FieldError, field_forbidden, forbidden, invalid
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object
from steersman.storage.watch_cache import Cacher

PRIORITY_CLASSES = GroupResource("scheduling.k8s.io", "priorityclasses")
HIGHEST_OF_USERS = 1_000_000_000
SYSTEM_PREFIX = "system-"
SYSTEM_CLASSES = {"system-cluster-critical": 2 * HIGHEST_OF_USERS, "system-node-critical": 2 * HIGHEST_OF_USERS + 1000}
"""The classes of this prefix, and their values."""

PREEMPTING = "PreemptLowerPriority"
PREEMPTION_SINCE = 19

_KEPT = ("priority", "preemptionPolicy")


class Priority(ReadsObjectsOfMinor):
    """Where there are no PriorityClasses, Pods have no priority."""

    name = "Priority"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS, PRIORITY_CLASSES))

    def __init__(self, objects: ObjectReader, minor: int) -> None:
        """``minor`` is the Kubernetes to be: before 1.19, Pods of no class say nothing of preemption."""
        super().__init__(objects, minor)
        self._without_class = PREEMPTING if minor >= PREEMPTION_SINCE else None
        self._looked_at: tuple[Cacher, int] | None = None
        self._found: Object | None = None

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        obj, old = attributes.object, attributes.old_object
        if attributes.group_resource != PODS or attributes.subresource or obj is None:
            return None
        if self._objects.resource(PRIORITY_CLASSES) is None:
            return None
        if attributes.operation == CREATE:
            return self._resolve(attributes, spec_of(obj))
        if old is not None:
            _keep(obj.get("spec"), old.get("spec"))
        return None

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        obj = attributes.object
        if attributes.group_resource != PRIORITY_CLASSES or attributes.subresource or obj is None:
            return None
        return self._check(attributes, obj)

    async def _resolve(self, attributes: Attributes, spec: Object) -> None:
        _settle(attributes, spec, await self._class_of(attributes, spec), self._without_class)

    async def _check(self, attributes: Attributes, obj: Object) -> None:
        if attributes.operation == CREATE and (wrong := list(_reserved(obj))):
            raise invalid(attributes.resource.gvk.group_kind, attributes.name, wrong)
        if obj.get("globalDefault"):
            present = await self._default()
            if present is not None and present["metadata"]["name"] != attributes.name:
                message = f"PriorityClass {present['metadata']['name']} is already marked as default."
                raise forbidden(PRIORITY_CLASSES, attributes.name, f"{message} Only one default can exist")

    async def _class_of(self, attributes: Attributes, spec: Object) -> Object | None:
        name = spec.get("priorityClassName")
        if not name:
            return await self._default()
        entry = await self._objects.get(PRIORITY_CLASSES, "", name)
        if entry is None:
            raise forbidden(PODS, attributes.name, f"no PriorityClass with name {name} was found")
        found: Object = entry.parsed()
        return found

    async def _default(self) -> Object | None:
        """Should there be several, which only a race could bring, it is the one of the lowest value."""
        cacher = await self._objects.ready(PRIORITY_CLASSES)
        if cacher is None:
            return None
        if (cacher, cacher.changed) != self._looked_at:
            classes = [entry.parsed() for entry in cacher.list()[0]]
            self._found = min((one for one in classes if one.get("globalDefault")), key=_value, default=None)
            self._looked_at = cacher, cacher.changed
        return self._found


def _settle(attributes: Attributes, spec: Object, priority_class: Object | None, policy: str | None) -> None:
    """Set name, priority and preemption policy as the class has them; without one they are 0 and ``policy``."""
    value = 0
    if priority_class is not None:
        spec["priorityClassName"] = priority_class["metadata"]["name"]
        value, policy = _value(priority_class), priority_class.get("preemptionPolicy")
    sent = spec.get("priority")
    if sent is not None and sent != value:
        message = (
            f"the integer value of priority ({sent}) must not be provided in pod spec;"
            f" priority admission controller computed {value} from the given PriorityClass name"
        )
        raise forbidden(PODS, attributes.name, message)
    spec["priority"] = value
    if policy is None:
        return
    sent = spec.get("preemptionPolicy")
    if sent is not None and sent != policy:
        message = (
            f"the string value of PreemptionPolicy ({sent}) must not be provided in pod spec;"
            f" priority admission controller computed {policy} from the given PriorityClass name"
        )
        raise forbidden(PODS, attributes.name, message)
    spec["preemptionPolicy"] = policy


def _keep(spec: Any, old: Any) -> None:
    """What this plugin set at creation stays, where an update leaves it out."""
    if isinstance(spec, dict) and isinstance(old, dict):
        for field in _KEPT:
            if spec.get(field) is None and old.get(field) is not None:
                spec[field] = old[field]


def _reserved(priority_class: Object) -> Iterator[FieldError]:
    """What of the class is the system's alone."""
    name, value = priority_class["metadata"]["name"], _value(priority_class)
    if name.startswith(SYSTEM_PREFIX):
        problem = _not_the_system_class(name, value, bool(priority_class.get("globalDefault")))
        if problem:
            message = f"priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: "
            yield field_forbidden("metadata.name", message + problem)
    elif value > HIGHEST_OF_USERS:
        yield field_forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_OF_USERS}")


def _not_the_system_class(name: str, value: int, global_default: bool) -> str:
    if name not in SYSTEM_CLASSES:
        return f"{name} is not a known system priority class"
    if value != SYSTEM_CLASSES[name]:
        return f"value of {name} PriorityClass must be {SYSTEM_CLASSES[name]}"
    return f"globalDefault of {name} PriorityClass must be false" if global_default else ""


def _value(priority_class: Object) -> int:
    value: int = priority_class.get("value") or 0
    return value
