"""Conditions in a Pod's status."""

from typing import Any

from steersman.apiserver.registry.resource import Object


def set_condition(pod: Object, condition: dict[str, Any], now: str) -> None:
    """Put ``condition`` in the place of the one of its type, whose time it keeps where the status is the same."""
    status = pod["status"] = pod.get("status") or {}
    conditions = status["conditions"] = list(status.get("conditions") or ())
    at = next((index for index, one in enumerate(conditions) if one.get("type") == condition["type"]), None)
    if at is None:
        conditions.append({**condition, "lastTransitionTime": now})
        return
    before = conditions[at]
    is_same = before.get("status") == condition["status"]
    since = before.get("lastTransitionTime") if is_same else None
    conditions[at] = {**condition, "lastTransitionTime": since or now}


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
