"""The parts of a Pod that the checks look at, and the words they tell of a violation in."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from steersman.admission.pod_spec import containers, objects_in
from steersman.apiserver.registry.resource import Object


class Violation(NamedTuple):
    """Why a check forbids a Pod: in general, and what in it."""

    reason: str
    detail: str


class Container(NamedTuple):
    name: str
    spec: Object
    security_context: Object


class PodParts(NamedTuple):
    """``containers`` are those of all kinds: init containers, the others, ephemeral ones."""

    annotations: Mapping[str, str]
    spec: Object
    security_context: Object
    containers: tuple[Container, ...]

    def names_where(self, is_bad: Callable[[Object], bool]) -> list[str]:
        """The names of containers whose security context ``is_bad``."""
        return [one.name for one in self.containers if is_bad(one.security_context)]

    def volumes(self) -> Iterable[Object]:
        return (volume for _, volume in objects_in(self.spec.get("volumes")))

    @property
    def is_windows(self) -> bool:
        return (self.spec.get("os") or {}).get("name") == "windows"

    @property
    def has_user_namespace(self) -> bool:
        return self.spec.get("hostUsers") is False


def pod_parts(metadata: Any, spec: Object) -> PodParts:
    """Of a Pod, or of the template of what makes Pods."""
    listed = tuple(
        Container(one.get("name") or "", one, one.get("securityContext") or {}) for _, one in containers({"spec": spec})
    )
    annotations = (metadata or {}).get("annotations") or {}
    return PodParts(annotations, spec, spec.get("securityContext") or {}, listed)


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def plural(word: str, number: int) -> str:
    return word if number == 1 else f"{word}s"


def named(word: str, names: list[str]) -> str:
    """``containers "a", "b"``."""
    return f"{plural(word, len(names))} {quoted(names)}"


def uses(number: int) -> str:
    return "uses" if number == 1 else "use"


def setters(is_pod: bool, names: list[str]) -> str:
    """Who sets something wrong: ``pod and container "a"``; empty if nobody does."""
    return " and ".join((["pod"] if is_pod else []) + ([named("container", names)] if names else []))
