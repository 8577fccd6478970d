"""Usage from what this server stores itself: PodMetrics of metrics.k8s.io, and the Pods that they are of."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from steersman.admission.pod_spec import CONTAINERS, PODS, containers, objects_in
from steersman.admission.usage_source import UsageQuery, repository
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

POD_METRICS = GroupResource("metrics.k8s.io", "pods")


class StoredUsage:
    """Where PodMetrics are not served, there are no samples."""

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects

    async def samples(self, query: UsageQuery) -> Sequence[float]:
        since = datetime.now(UTC) - timedelta(days=query.days)
        found: list[float] = []
        for entry in await self._objects.list(POD_METRICS, query.namespace):
            metrics = entry.parsed()
            if not _is_before(metrics.get("timestamp"), since):
                pod = await self._objects.get(PODS, entry.namespace, entry.name)
                found += () if pod is None else _of_image(metrics, pod.parsed(), query)
        return found

    async def close(self) -> None:
        """Nothing is held."""


def _of_image(metrics: Object, pod: Object, query: UsageQuery) -> Iterator[float]:
    images = {one.get("name"): one.get("image") or "" for _, one in containers(pod, CONTAINERS)}
    for _, container in objects_in(metrics.get("containers")):
        image = images.get(container.get("name"), "")
        same = image == query.image if query.tagged else repository(image) == repository(query.image)
        used = (container.get("usage") or {}).get(query.resource)
        if same and used is not None:
            try:
                yield Quantity.parse(used).nanos / 10**9
            except ValueError:
                continue


def _is_before(timestamp: Any, since: datetime) -> bool:
    """Metrics that tell no time are taken for new."""
    try:
        return datetime.fromisoformat(timestamp) < since
    except (TypeError, ValueError):
        return False
