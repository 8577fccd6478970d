"""Conditions in a Pod's status."""

from typing import Any

from steersman.apimachinery.conditions import with_condition
from steersman.apiserver.registry.resource import Object


def set_condition(pod: Object, condition: dict[str, Any], now: str) -> None:
    """Put ``condition`` into the Pod's status; see :func:`~steersman.apimachinery.conditions.with_condition`."""
    status = pod["status"] = pod.get("status") or {}
    status["conditions"] = with_condition(status.get("conditions") or (), condition, now)


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
