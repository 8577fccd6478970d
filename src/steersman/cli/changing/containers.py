"""The containers of Pods, and of whatever has a template of Pods."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from steersman.cli.changing.modify import Change
from steersman.cli.changing.pairs import Pairs
from steersman.cli.cluster.failure import CommandError
from steersman.cli.cluster.selection import Target

Json = dict[str, Any]

_POD_SPECS = (("spec", "template", "spec"), ("spec", "jobTemplate", "spec", "template", "spec"), ("spec",))
"""Where objects have the specification of their Pods."""


def pod_spec(obj: Json) -> Json:
    """Raises CommandError for an object that has none."""
    for path in _POD_SPECS:
        place: Any = obj
        for name in path:
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict) and "containers" in place:
            return place
    raise CommandError(f"{obj.get('kind')} {obj['metadata']['name']!r} has no containers")


def containers(obj: Json, *, initial: bool = True) -> Iterator[Json]:
    spec = pod_spec(obj)
    if initial:
        yield from spec.get("initContainers") or ()
    yield from spec["containers"]


def set_images(images: Mapping[str, str]) -> Change:
    """``*`` stands for all containers."""

    def change(obj: Json) -> Json:
        for name, image in images.items():
            found = [one for one in containers(obj) if name in ("*", one["name"])]
            if not found:
                raise CommandError(f'unable to find container named "{name}"')
            for one in found:
                one["image"] = image
        return obj

    return change


def set_variables(pairs: Pairs, pattern: str, *, overwrite: bool) -> Change:
    def change(obj: Json) -> Json:
        for one in _matching(obj, pattern):
            there = {variable["name"]: variable for variable in one.get("env") or ()}
            taken = [name for name in pairs.set if name in there]
            if taken and not overwrite:
                raise CommandError(f"'{taken[0]}' already has a value, and --overwrite is false")
            new = {name: variable for name, variable in there.items() if name not in pairs.removed}
            new |= {name: {"name": name, "value": value} for name, value in pairs.set.items()}
            if new:
                one["env"] = list(new.values())
            else:
                one.pop("env", None)
        return obj

    return change


def list_variables(target: Target, obj: Json, pattern: str) -> str:
    """The variables of each container as ``NAME=VALUE``; of those from elsewhere, from where."""
    lines = []
    for one in _matching(obj, pattern):
        lines.append(f"# {obj['kind']} {target.name}, container {one['name']}")
        lines += [_variable(variable) for variable in one.get("env") or ()]
    return "".join(f"{line}\n" for line in lines)


def _matching(obj: Json, pattern: str) -> list[Json]:
    """Raises CommandError where no container matches."""
    found = [one for one in containers(obj, initial=False) if fnmatchcase(one["name"], pattern)]
    if not found:
        raise CommandError(
            f"{obj['kind']} {obj['metadata']['name']!r} does not have any containers matching {pattern!r}"
        )
    return found


def _variable(variable: Mapping[str, Any]) -> str:
    source = variable.get("valueFrom")
    if not source:
        return f"{variable['name']}={variable.get('value') or ''}"
    ((kind, said),) = source.items()
    where = said.get("fieldPath") or said.get("resource") or f"{said.get('name')}, key {said.get('key')}"
    return f"# {variable['name']} from {kind.removesuffix('Ref').removesuffix('Key')} {where}"
