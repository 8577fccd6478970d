"""``pods/ephemeralcontainers``: containers for debugging, put into a Pod that runs (KEP-277). They come and stay."""

from collections.abc import Iterator
from typing import Any

from steersman.apimachinery.errors import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_not_found,
    field_required,
)
from steersman.apimachinery.names import label_name
from steersman.apis.status import take_guards
from steersman.apiserver.authorization.node.references import MIRROR
from steersman.apiserver.registry.resource import Object

_FIELD = "spec.ephemeralContainers"
_NOT_FOR_THEM = ("lifecycle", "livenessProbe", "ports", "readinessProbe", "resources", "startupProbe")
_NOT_TO_BE_SET = "cannot be set for an Ephemeral Container"


def put_containers(parent: Object, body: Object) -> Object:
    """The Pod with the ephemeral containers of the body; nothing else in it counts."""
    spec = parent["spec"] = dict(parent.get("spec") or {})
    sent = (body.get("spec") or {}).get("ephemeralContainers")
    if sent:
        spec["ephemeralContainers"] = sent
    else:
        spec.pop("ephemeralContainers", None)
    return take_guards(parent, body)


def check_containers(new: Object, old: Object) -> list[FieldError]:
    """What is wrong with the ephemeral containers of ``new``: those of ``old`` stay as they are."""
    if MIRROR in (old["metadata"].get("annotations") or {}):
        return [field_forbidden("", "static pods do not support ephemeral containers")]
    errors = [error for index, one in enumerate(_containers(new)) for error in _errors(one, index, new)]
    by_name = {one.get("name"): one for one in _containers(new)}
    for before in _containers(old):
        name = before.get("name")
        if name not in by_name:
            errors.append(field_forbidden(_FIELD, f'existing ephemeral containers "{name}" may not be removed'))
        elif by_name[name] != before:
            errors.append(field_forbidden(_FIELD, f'existing ephemeral containers "{name}" may not be changed'))
    return errors


def _containers(pod: Object) -> list[Object]:
    return (pod.get("spec") or {}).get("ephemeralContainers") or []


def _errors(container: Object, index: int, pod: Object) -> Iterator[FieldError]:
    place, name, spec = f"{_FIELD}[{index}]", container.get("name") or "", pod["spec"]
    others = {one.get("name") for kind in ("initContainers", "containers") for one in spec.get(kind) or ()}
    before = {one.get("name") for one in _containers(pod)[:index]}
    if not name:
        yield field_required(f"{place}.name")
    elif wrong := label_name(name, False):
        yield from (field_invalid(f"{place}.name", name, problem) for problem in wrong)
    elif name in others or name in before:
        yield field_duplicate(f"{place}.name", name)
    if not container.get("image"):
        yield field_required(f"{place}.image")
    target = container.get("targetContainerName")
    if target and target not in others:
        yield field_not_found(f"{place}.targetContainerName", target)
    for field in _NOT_FOR_THEM:
        if _is_set(container.get(field)):
            yield field_forbidden(f"{place}.{field}", _NOT_TO_BE_SET)
    for at, mount in enumerate(container.get("volumeMounts") or ()):
        for field in ("subPath", "subPathExpr"):
            if mount.get(field):
                yield field_forbidden(f"{place}.volumeMounts[{at}].{field}", _NOT_TO_BE_SET)


def _is_set(value: Any) -> bool:
    """Whether Go would have another value than zero for it."""
    if isinstance(value, dict):
        return any(map(_is_set, value.values()))
    return bool(value)
