"""Workloads of initializers that would wait for themselves: a Deployment that is held until the program in it runs.

A workload (a Pod, or what has a Pod's template) is an initializer's own

- if it runs as the service account that the initializer's configuration names, in that namespace, or
- if it, or its template, has the annotation ``initializers.steersman.dev/runs`` with the initializer's name (several
  with commas between them).

It is refused with advice. What a controller has made of such a workload, a ReplicaSet or a Pod, could not follow that
advice: it is not held by its own initializer, if it is known by the service account. Whoever may run Pods as that
account may act as the initializer anyway; an annotation anybody could write.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.admission.initializers.configuration import ConfiguredInitializer
from steersman.apiserver.registry.resource import Object

RUNS = "initializers.steersman.dev/runs"
ADVICE = "would wait for itself: set metadata.initializers.pending: [] to create it without waiting for any initializer"


def own(
    obj: Object, namespace: str, configured: Sequence[ConfiguredInitializer]
) -> tuple[tuple[ConfiguredInitializer, ...], bool]:
    """Those of ``configured`` that ``obj`` runs, and whether they can be left out, since a controller has made it."""
    parts = list(_parts(obj))
    accounts = {_mapping(part.get("spec")).get("serviceAccountName") for part in parts}
    by_account = tuple(
        one
        for one in configured
        if one.service_account is not None
        and one.service_account.namespace == namespace
        and one.service_account.name in accounts
    )
    if by_account and any(_mapping(one).get("controller") for one in obj["metadata"].get("ownerReferences") or ()):
        return by_account, True
    named = {name.strip() for part in parts for name in _annotation(part).split(",")}
    return tuple(one for one in configured if one in by_account or one.name in named), False


def refusal(initializers: Sequence[ConfiguredInitializer]) -> str:
    names = ", ".join(one.name for one in initializers)
    return f"this is the workload of the initializer {names}, and {ADVICE}"


def _parts(obj: Object) -> Iterator[Mapping[str, Any]]:
    """The object, and the template of Pods in it, also that of a CronJob's Jobs."""
    part: Mapping[str, Any] = obj
    yield part
    for member in ("jobTemplate", "template"):
        inner = _mapping(part.get("spec")).get(member)
        if isinstance(inner, dict):
            part = inner
            yield part


def _annotation(part: Mapping[str, Any]) -> str:
    value = _mapping(_mapping(part.get("metadata")).get("annotations")).get(RUNS)
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
