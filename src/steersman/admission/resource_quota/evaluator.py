"""How much an object of some kind takes of a quota, and which of the quota's resources it takes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from steersman.admission.pod_spec import Amounts
from steersman.admission.resource_quota.amounts import ONE
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.registry.resource import Object


class Selector(NamedTuple):
    """One term of a quota's scopes; ``operator`` is Exists, DoesNotExist, In or NotIn."""

    scope: str
    operator: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{{{self.scope} {self.operator} [{' '.join(self.values)}]}}"


def read_selectors(expressions: Any) -> list[Selector]:
    return [
        Selector(one.get("scopeName") or "", one.get("operator") or "", tuple(one.get("values") or ()))
        for one in expressions or ()
    ]


def selects(selector: Selector, names: Sequence[str]) -> bool:
    """Whether ``selector`` is met by what an object refers to."""
    match selector.operator:
        case "Exists" | "":
            return bool(names)
        case "DoesNotExist":
            return not names
        case "In":
            return any(name in selector.values for name in names)
        case "NotIn":
            return not names or any(name not in selector.values for name in names)
    return False


def _handles_create(attributes: Attributes) -> bool:
    return attributes.operation == CREATE and not attributes.subresource


def _in_no_scope(selector: Selector, obj: Object) -> bool:
    return False


def _nothing_missing(names: frozenset[str], obj: Object) -> str:
    return ""


class Evaluator(Struct, frozen=True):
    """``tracks`` tells of a resource's name in a quota whether objects of this kind take of it.

    ``usage`` is what an object takes at a time, under all names. ``handles`` tells of a request whether it can change
    that. ``missing`` says what the object would have to specify for a quota with such names. With ``only_counts``,
    every object takes the same.
    """

    resource: GroupResource
    tracks: Callable[[str], bool]
    usage: Callable[[Object, datetime], Amounts]
    handles: Callable[[Attributes], bool] = _handles_create
    in_scope: Callable[[Selector, Object], bool] = _in_no_scope
    missing: Callable[[frozenset[str], Object], str] = _nothing_missing
    only_counts: bool = False


def count_name(resource: GroupResource) -> str:
    """``count/deployments.apps``."""
    return f"count/{resource}"


def object_count(resource: GroupResource, alias: str = "") -> Evaluator:
    """Of kinds of which nothing but the number counts."""
    names = frozenset(filter(None, (count_name(resource), alias)))
    usage: Mapping[str, Any] = dict.fromkeys(names, ONE)
    return Evaluator(resource, names.__contains__, lambda obj, now: dict(usage), only_counts=True)
