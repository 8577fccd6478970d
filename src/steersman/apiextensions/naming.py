"""Which names a CustomResourceDefinition gets, and whether it may be served.

Names are unique within a group: plural, singular and short names are one set, kind and list kind another. A name that a
definition has is its own until it asks for another; the names it cannot get leave what it had before.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from steersman.apiextensions.approval import approval_condition
from steersman.apiextensions.conditions import (
    ESTABLISHED,
    NAMES_ACCEPTED,
    Condition,
    conditions_of,
    find_condition,
    is_condition_true,
    with_conditions,
)
from steersman.apiextensions.conversion_strategy import check_ca_bundle
from steersman.apimachinery.errors import render_value

Object = dict[str, Any]


class TakenNames(Struct, frozen=True):
    """The names in use in one group."""

    resources: frozenset[str]
    kinds: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[Object]) -> "TakenNames":
        """From the names (``status.acceptedNames``) of every definition in the group, and of its built-in kinds."""
        resources: set[str] = set()
        kinds: set[str] = set()
        for one in names:
            resources.update((one.get("plural", ""), one.get("singular", ""), *(one.get("shortNames") or ())))
            kinds.update((one.get("kind", ""), one.get("listKind", "")))
        return cls(frozenset(resources - {""}), frozenset(kinds - {""}))


def accepted_names(requested: Object, accepted: Object, taken: TakenNames) -> tuple[Object, Condition]:
    """The names to accept, and the condition NamesAccepted.

    ``requested`` is spec.names, ``accepted`` status.acceptedNames; ``taken`` holds the definition's own names too.
    """
    names = dict(accepted)
    condition = Condition(NAMES_ACCEPTED, "True", "NoConflicts", "no conflicts found")
    for field, reason, in_use in (
        ("plural", "PluralConflict", taken.resources),
        ("singular", "SingularConflict", taken.resources),
        ("shortNames", "ShortNamesConflict", taken.resources),
        ("kind", "KindConflict", taken.kinds),
        ("listKind", "ListKindConflict", taken.kinds),
    ):
        conflicts = _conflicts(requested.get(field), accepted.get(field), in_use)
        if conflicts:
            condition = Condition(NAMES_ACCEPTED, "False", reason, _aggregate(conflicts))
        else:
            _copy(names, requested, field)
    _copy(names, requested, "categories")
    return names, condition


def _conflicts(requested: Any, accepted: Any, in_use: frozenset[str]) -> list[str]:
    if isinstance(requested, list):
        own = accepted or ()
        return [_in_use(name) for name in requested if name in in_use and name not in own]
    return [_in_use(requested)] if requested != accepted and requested in in_use else []


def _in_use(name: str) -> str:
    return f"{render_value(name)} is already in use"


def _aggregate(messages: list[str]) -> str:
    distinct = list(dict.fromkeys(messages))
    return distinct[0] if len(distinct) == 1 else f"[{', '.join(distinct)}]"


def _copy(names: Object, requested: Object, field: str) -> None:
    if requested.get(field):
        names[field] = requested[field]
    elif field in ("plural", "kind"):
        names[field] = ""
    else:
        names.pop(field, None)


def established(crd: Object, names_accepted: Condition) -> Condition | None:
    """The condition Established to set; None to leave the one there, for once established a definition stays so."""
    if is_condition_true(crd, ESTABLISHED):
        return None
    if names_accepted.status == "True":
        if _has_invalid_bundle(crd["spec"]):
            return Condition(ESTABLISHED, "False", "InvalidCABundle", "The conversion webhook CABundle is invalid")
        return Condition(ESTABLISHED, "True", "InitialNamesAccepted", "the initial names have been accepted")
    if find_condition(crd, ESTABLISHED) is None:
        return Condition(ESTABLISHED, "False", "NotAccepted", "not all names are accepted")
    return None


def _has_invalid_bundle(spec: Object) -> bool:
    webhook = (spec.get("conversion") or {}).get("webhook") or {}
    return check_ca_bundle((webhook.get("clientConfig") or {}).get("caBundle") or "") is not None


def settled_status(crd: Object, taken: TakenNames, now: str) -> Object:
    """The definition's status with names and conditions settled; equal to the present one when they are already.

    ``now`` is the time of new transitions (RFC 3339).
    """
    status = crd.get("status") or {}
    names, names_accepted = accepted_names(crd["spec"]["names"], status.get("acceptedNames") or {}, taken)
    new = (names_accepted, established(crd, names_accepted), approval_condition(crd))
    conditions = with_conditions(conditions_of(crd), [one for one in new if one is not None], now)
    return {**status, "acceptedNames": names, "conditions": conditions}
