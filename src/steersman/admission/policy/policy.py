"""What is read of a stored policy of either kind, besides its expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from steersman.admission.policy.match_resources import MatchResources
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.storage.watch_cache import Entry


class Generation(NamedTuple):
    """Tells a policy from what it was before: a write of its status changes nothing."""

    uid: str
    number: int


@dataclass(frozen=True, slots=True)
class Policy:
    """``spec`` has the expressions. ``match`` is None with a ``problem``: why what is stored cannot be used.

    ``fails_open`` (failurePolicy Ignore): what cannot be decided is let through.
    """

    name: str
    generation: Generation
    spec: Mapping[str, Any]
    match: MatchResources | None
    param_kind: GroupVersionKind | None
    fails_open: bool
    problem: str = ""

    @classmethod
    def read(cls, entry: Entry) -> "Policy":
        spec = entry.parsed().get("spec") or {}
        constraints = spec.get("matchConstraints")
        match, problem = None, ""
        try:
            match = None if constraints is None else MatchResources.read(constraints)
        except ApiError as error:
            problem = error.message
        if constraints is None:
            problem = "policy contained no match constraints, a required field"
        fails_open = spec.get("failurePolicy") == "Ignore"
        return cls(entry.name, generation_of(entry), spec, match, _param_kind(spec), fails_open, problem)


def generation_of(entry: Entry) -> Generation:
    return Generation(entry.metadata.uid, entry.metadata.generation)


def _param_kind(spec: Mapping[str, Any]) -> GroupVersionKind | None:
    kind = spec.get("paramKind")
    if kind is None:
        return None
    group, _, version = (kind.get("apiVersion") or "").rpartition("/")
    return GroupVersionKind(group, version, kind.get("kind") or "")
