"""The events of an object, as rows."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.group_version import GroupVersionResource
from steersman.apimachinery.table import age
from steersman.client.client import Client

Json = dict[str, Any]


async def event_rows(client: Client, obj: Json, now: float) -> list[list[str]]:
    """Type, reason, age, source and message of each event, the oldest first. ``now`` in seconds since 1970.

    Raises ApiError, and as discovery.
    """
    metadata = obj["metadata"]
    about = {"name": metadata["name"], "namespace": metadata.get("namespace") or "", "uid": metadata.get("uid") or ""}
    selector = ",".join(f"involvedObject.{key}={value}" for key, value in about.items() if value)
    events = await client.dynamic(GroupVersionResource("", "v1", "events"))
    listed = await events.list(namespace=about["namespace"] or "", field_selector=selector)
    return [_row(event, now) for event in sorted(listed, key=_moment)]


def _moment(event: Mapping[str, Any]) -> str:
    return event.get("eventTime") or event.get("firstTimestamp") or ""


def _row(event: Mapping[str, Any], now: float) -> list[str]:
    source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
    return [
        event.get("type") or "",
        event.get("reason") or "",
        _ages(event, now),
        source,
        (event.get("message") or "").strip(),
    ]


def _ages(event: Mapping[str, Any], now: float) -> str:
    """Since when, and of what comes again and again how often."""
    since = age(_moment(event), now)
    series = event.get("series") or {}
    count, last = series.get("count") or event.get("count") or 0, series.get("lastObservedTime")
    if series or count > 1:
        return f"{age(last or event.get('lastTimestamp'), now)} (x{count} over {since})"
    return since
