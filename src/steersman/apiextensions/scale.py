"""The scale subresource of custom resources: an autoscaling/v1 Scale at the paths that the definition names."""

from typing import Any

from steersman.apimachinery.errors import FieldError, bad_request, field_invalid, internal_error
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.registry.resource import Subresource

Object = dict[str, Any]
Steps = tuple[str, ...]

SCALE = GroupVersionKind("autoscaling", "v1", "Scale")

_MAX_REPLICAS = 2**31 - 1
_KEPT = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_GO_TYPES: dict[type, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    dict: "map[string]interface {}",
    list: "[]interface {}",
}


class ScalePaths:
    """``subresources.scale`` of a definition: where replicas and the selector stand in its objects."""

    def __init__(self, scale: Object) -> None:
        self.spec_path: str = scale["specReplicasPath"]
        self.status_path: str = scale["statusReplicasPath"]
        self.selector_path: str = scale.get("labelSelectorPath") or ""
        self._spec, self._status = _steps(self.spec_path), _steps(self.status_path)
        self._selector = _steps(self.selector_path)

    def subresource(self) -> Subresource:
        return Subresource("scale", SCALE, ("get", "patch", "update"), read=self.read, write=self.write)

    def read(self, parent: Object) -> Object:
        """The parent as a Scale, without ``spec.replicas`` where the parent has none, so that a patch can set it."""
        try:
            replicas = _find(parent, self._spec, int, "int64")
            status: Object = {"replicas": _find(parent, self._status, int, "int64") or 0}
            if self._selector and (selector := _find(parent, self._selector, str, "string")):
                status["selector"] = selector
        except ValueError as error:
            raise internal_error(str(error)) from None
        meta = parent["metadata"]
        return {
            "kind": SCALE.kind,
            "apiVersion": SCALE.api_version,
            "metadata": {key: meta[key] for key in _KEPT if key in meta},
            "spec": {} if replicas is None else {"replicas": replicas},
            "status": status,
        }

    def write(self, parent: Object, scale: Object) -> Object:
        """Put the scale's replicas, and the resourceVersion it was read at, into the parent."""
        spec = scale.get("spec") or {}
        replicas = spec.get("replicas") if isinstance(spec, dict) else None
        if replicas is None:
            raise bad_request(f'the spec replicas field "{self.spec_path}" cannot be empty')
        if type(replicas) is not int:
            raise bad_request(
                'Scale in version "v1" cannot be handled as a Scale: '
                "spec.replicas is not an integer (Go value of type int32)"
            )
        _put(parent, self._spec, replicas)
        meta = scale.get("metadata")
        if isinstance(meta, dict) and meta.get("resourceVersion"):
            parent["metadata"]["resourceVersion"] = meta["resourceVersion"]
        return parent

    def validate(self, obj: Object) -> list[FieldError]:
        """What is wrong with the replicas and the selector in an object."""
        errors = [
            *_check_replicas(obj, self.spec_path, self._spec),
            *_check_replicas(obj, self.status_path, self._status),
        ]
        if self._selector:
            try:
                _find(obj, self._selector, str, "string")
            except ValueError as error:
                errors.append(field_invalid(self.selector_path, "", str(error)))
        return errors


def _steps(path: str) -> Steps:
    return tuple(path.removeprefix(".").split(".")) if path else ()


def _check_replicas(obj: Object, path: str, steps: Steps) -> list[FieldError]:
    try:
        replicas = _find(obj, steps, int, "int64") or 0
    except ValueError as error:
        return [field_invalid(path, 0, str(error))]
    if replicas < 0:
        return [field_invalid(path, replicas, "should be a non-negative integer")]
    if replicas > _MAX_REPLICAS:
        return [field_invalid(path, replicas, f"should be less than or equal to {_MAX_REPLICAS}")]
    return []


def _find(obj: Any, steps: Steps, wanted: type, go_type: str) -> Any:
    """The value at a path, None where it is missing; raises ValueError where a type on the way is another one."""
    for depth, step in enumerate(steps):
        if obj is None:
            return None
        if type(obj) is not dict:
            raise ValueError(_accessor_error(steps[:depth], obj, "map[string]interface{}"))
        obj = obj.get(step)
    if obj is not None and type(obj) is not wanted:
        raise ValueError(_accessor_error(steps, obj, go_type))
    return obj


def _accessor_error(steps: Steps, value: Any, wanted: str) -> str:
    return f".{'.'.join(steps)} accessor error: {value} is of the type {_GO_TYPES[type(value)]}, expected {wanted}"


def _put(obj: Object, steps: Steps, value: int) -> None:
    for depth, step in enumerate(steps[:-1]):
        inner = obj.setdefault(step, {})
        if type(inner) is not dict:
            where = ".".join(steps[: depth + 1])
            raise internal_error(f"value cannot be set because .{where} is not a map[string]interface{{}}")
        obj = inner
    obj[steps[-1]] = value
