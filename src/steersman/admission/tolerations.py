"""Tolerations of a Pod: which one covers another, and how lists of them become one.

Specified in "Taints and Tolerations".
"""

from collections.abc import Iterable, Sequence
from typing import Any

from steersman.apiserver.registry.resource import Object

Toleration = dict[str, Any]

EXISTS, EQUAL = "Exists", "Equal"
NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "NoExecute"
_MATCHED = ("key", "effect", "operator", "value")


def of_pod(spec: Object) -> list[Toleration]:
    """Those of a Pod's spec; nulls are left out."""
    return [one for one in spec.get("tolerations") or () if isinstance(one, dict)]


def covers(wide: Toleration, narrow: Toleration) -> bool:
    """Whether ``wide`` tolerates all that ``narrow`` does, for as long."""
    if _same(wide, narrow):
        return True
    operator = wide.get("operator") or EQUAL
    for_all_keys = not wide.get("key") and operator == EXISTS
    if (wide.get("key") or "") != (narrow.get("key") or "") and not for_all_keys:
        return False
    if wide.get("effect") and wide["effect"] != narrow.get("effect"):
        return False
    if wide.get("effect") == NO_EXECUTE and wide.get("tolerationSeconds") is not None:
        seconds = narrow.get("tolerationSeconds")
        if seconds is None or seconds > wide["tolerationSeconds"]:
            return False
    if operator == EXISTS:
        return True
    same_value = (narrow.get("value") or "") == (wide.get("value") or "")
    return operator == EQUAL and (narrow.get("operator") or EQUAL) == EQUAL and same_value


def all_covered(tolerations: Iterable[Toleration], allowed: Sequence[Toleration]) -> bool:
    """Whether each of ``tolerations`` is covered by one of ``allowed``."""
    return all(any(covers(wide, one) for wide in allowed) for one in tolerations)


def merge(first: Iterable[Toleration], second: Iterable[Toleration]) -> list[Toleration]:
    """Both lists in order, without what another one covers; of equal ones the first stays."""
    every = [*first, *second]
    merged: list[Toleration] = []
    for at, one in enumerate(every):
        before = any(covers(other, one) for other in merged)
        behind = any(not _same(other, one) and covers(other, one) for other in every[at + 1 :])
        if not before and not behind:
            merged.append(one)
    return merged


def put(spec: Object, toleration: Toleration) -> None:
    """Have the Pod tolerate it, in the place of one that differs in its seconds alone."""
    kept = of_pod(spec)
    for at, one in enumerate(kept):
        if all((one.get(field) or "") == (toleration.get(field) or "") for field in _MATCHED):
            kept[at] = toleration
            break
    else:
        kept.append(toleration)
    spec["tolerations"] = kept


def _same(one: Toleration, other: Toleration) -> bool:
    fields = ("key", "operator", "value", "effect")
    alike = all((one.get(field) or "") == (other.get(field) or "") for field in fields)
    return alike and one.get("tolerationSeconds") == other.get("tolerationSeconds")
