"""A kind whose fields merge in every way, and who applies to it."""

from typing import Any

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.server_side_apply import FieldManager, MergeSchema

KIND = GroupVersionKind("example.com", "v1", "Thing")
NOW, LATER = "2030-01-01T00:00:00Z", "2030-01-01T00:01:00Z"
Object = dict[str, Any]

_PORT = {
    "type": "object",
    "properties": {
        "port": {"type": "integer"},
        "protocol": {"type": "string", "default": "TCP"},
        "name": {"type": "string"},
    },
}
SPEC: Object = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer"},
        "ratio": {"type": "number"},
        "paused": {"type": "boolean"},
        "image": {"type": "string"},
        "target": {"x-kubernetes-int-or-string": True},
        "selector": {"type": "object", "additionalProperties": {"type": "string"}, "x-kubernetes-map-type": "atomic"},
        "limits": {"type": "object", "additionalProperties": {"type": "string"}},
        "args": {"type": "array", "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "ports": {
            "type": "array",
            "items": _PORT,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["port", "protocol"],
        },
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "nested": {"type": "object", "properties": {"one": {"type": "string"}, "two": {"type": "string"}}},
    },
}
DEFINITION: Object = {"type": "object", "properties": {"spec": SPEC, "status": {"type": "object"}}}


def schema(definition: Object | None = None) -> MergeSchema:
    return MergeSchema.read(definition or DEFINITION, _no_reference)


def _no_reference(ref: str) -> Object:
    raise LookupError(ref)


def thing(*, metadata: Object | None = None, **spec: Any) -> Object:
    made = {"apiVersion": KIND.api_version, "kind": KIND.kind, "metadata": {"name": "a", **(metadata or {})}}
    return {**made, "spec": spec} if spec else made


def managers(definition: Object | None = None, **options: Any) -> FieldManager:
    return FieldManager(schema(definition), KIND, **options)


class World:
    """One object, as a server would keep it."""

    def __init__(self, definition: Object | None = None, live: Object | None = None) -> None:
        self.definition, self.live = definition, live or {}

    def apply(self, applied: Object, manager: str = "one", *, force: bool = False, now: str = NOW) -> Object:
        merged, entries = managers(self.definition).apply(self.live, applied, manager, now, force=force)
        self._keep(merged, entries)
        return merged

    def update(self, new: Object, manager: str = "user", *, sent: Any = None, now: str = NOW) -> None:
        self._keep(new, managers(self.definition).update(self.live, new, sent, manager, now))

    def _keep(self, obj: Object, entries: list[Object]) -> None:
        self.live = {**obj, "metadata": {**obj["metadata"], **({"managedFields": entries} if entries else {})}}

    @property
    def entries(self) -> list[Object]:
        entries: list[Object] = self.live["metadata"].get("managedFields", [])
        return entries

    def fields(self, manager: str, operation: str = "Apply") -> Object | None:
        """``fieldsV1`` of a manager; None where it manages nothing."""
        for entry in self.entries:
            if (entry["manager"], entry["operation"]) == (manager, operation):
                fields: Object = entry["fieldsV1"]
                return fields
        return None
