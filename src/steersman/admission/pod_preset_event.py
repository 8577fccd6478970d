"""The Event of a Pod whose presets could not be applied."""

from contextlib import suppress
from datetime import UTC, datetime
from time import time_ns

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.time import format_time
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object
from steersman.apiserver.registry.write_options import WriteOptions

EVENTS = GroupResource("", "events")
REASON = "PodPresetConflict"


async def report_conflict(
    objects: ObjectReader, lifecycle: Lifecycle, pod: Object, namespace: str, message: str
) -> None:
    """Have a Warning about ``pod``, which is yet to be stored. The Pod does not fail for want of it."""
    events = objects.resource(EVENTS)
    if events is None:
        return
    name, now = pod["metadata"].get("name") or "", format_time(datetime.now(UTC))
    event = {
        "metadata": {"name": f"{name}.{time_ns():x}"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": namespace,
            "name": name,
            "uid": pod["metadata"].get("uid") or "",
        },
        "type": "Warning",
        "reason": REASON,
        "message": message,
        "source": {"component": "podpreset-admission"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    with suppress(ApiError):
        await lifecycle.create(events, namespace, event, WriteOptions(SERVER))
