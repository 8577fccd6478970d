"""InitialResources: a container that does not say how much it takes asks for what its image took in the past.

It asks for the 90th percentile of samples: of the same image in the same namespace, then in any, then of any tag of the
image. Where there is no past, the container is left as it is. The configuration, all of which may be left out::

    prometheus: {url: "http://prometheus:9090"}   # or {kubeConfigFile: PATH}, for TLS and tokens
    percentile: 90
    namespaceOnly: false

Without ``prometheus``, samples are the PodMetrics of metrics.k8s.io that this server stores.
"""

import logging
import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from steersman.admission.pod_spec import MAIN, PODS, containers
from steersman.admission.prometheus_usage import PrometheusUsage
from steersman.admission.stored_usage import StoredUsage
from steersman.admission.usage_source import CPU, MEMORY, UsageQuery, UsageSource, UsageUnknown
from steersman.apimachinery.quantity import Quantity
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.resource import Object
from steersman.apiserver.review_webhook import AnswerCache
from steersman.client.config import Config, ConfigError, load_kubeconfig
from steersman.client.config.selection import config_from_kubeconfig

ANNOTATION = "kubernetes.io/initial-resources"
PERCENTILE = 90
ENOUGH = 30
"""Samples: with fewer, it is looked further."""
WEEK, MONTH = 7, 30

KEPT_SECONDS, FAILED_SECONDS = 300.0, 30.0
"""How long an estimate holds, and how long a source that failed is not asked again."""

_NANOS = {CPU: (1000, 10**6), MEMORY: (1, 10**9)}
"""How many units are in one core or byte, to which estimates are rounded up, and what a unit is in billionths."""

_log = logging.getLogger(__name__)


class InitialResources:
    name = "InitialResources"
    operations = frozenset((CREATE,))
    resources = frozenset((PODS,))

    def __init__(self, source: UsageSource, percentile: int = PERCENTILE, *, namespace_only: bool = False) -> None:
        self._source, self._percentile, self._namespace_only = source, percentile, namespace_only
        self._kept: AnswerCache[tuple[str, ...]] = AnswerCache(time.monotonic)

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        configuration = configuration or {}
        if unknown := sorted(set(configuration) - {"prometheus", "percentile", "namespaceOnly"}):
            raise ValueError(f'{cls.name}: unknown field "{unknown[0]}"')
        percentile, namespace_only = configuration.get("percentile", PERCENTILE), configuration.get("namespaceOnly")
        if type(percentile) is not int or not 1 <= percentile <= 100:
            raise ValueError(f"{cls.name}: percentile: must be between 1 and 100")
        if namespace_only not in (None, True, False):
            raise ValueError(f"{cls.name}: namespaceOnly: must be true or false")
        prometheus = configuration.get("prometheus")
        source = StoredUsage(context.objects) if prometheus is None else PrometheusUsage(_config(prometheus))
        return cls(source, percentile, namespace_only=bool(namespace_only))

    async def admit(self, attributes: Attributes) -> None:
        pod = attributes.object
        if attributes.subresource or pod is None:
            return
        told = [one for _, container in containers(pod, (MAIN,)) async for one in self._fill(container, attributes)]
        if told:
            metadata = pod["metadata"]
            text = f"Initial Resources plugin set: {'; '.join(told)}"
            metadata["annotations"] = {**(metadata.get("annotations") or {}), ANNOTATION: text}

    async def close(self) -> None:
        await self._source.close()

    async def _fill(self, container: Object, attributes: Attributes) -> AsyncIterator[str]:
        """Give the container the requests that it lacks, and tell which."""
        resources = container.get("resources") or {}
        said = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
        image = container.get("image") or ""
        missing = [resource for resource in (CPU, MEMORY) if image and said.get(resource) is None]
        estimated = {resource: await self._estimate(resource, image, attributes.namespace) for resource in missing}
        requests = {resource: amount for resource, amount in estimated.items() if amount}
        if requests:
            container["resources"] = {**resources, "requests": {**(resources.get("requests") or {}), **requests}}
            yield f"{', '.join(requests)} request for container {container.get('name') or ''}"

    async def _estimate(self, resource: str, image: str, namespace: str) -> str:
        """The amount, as a quantity; empty where nothing is known."""
        key = "\0".join((resource, image, namespace)).encode()
        kept = self._kept.get(key)
        if kept is not None:
            return kept[0]
        amount, seconds = "", KEPT_SECONDS
        try:
            samples = await self._samples(resource, image, namespace)
            amount = _quantity(resource, percentile(samples, self._percentile)) if samples else ""
        except UsageUnknown as error:
            _log.warning("no estimate of what %s takes: %s", image, error)
            seconds = FAILED_SECONDS
        self._kept.put(key, (amount,), seconds)
        return amount

    async def _samples(self, resource: str, image: str, namespace: str) -> Sequence[float]:
        samples: Sequence[float] = ()
        for tagged, where, days in self._stages(namespace):
            samples = await self._source.samples(UsageQuery(resource, image, tagged, where, days))
            if len(samples) >= ENOUGH:
                break
        return samples

    def _stages(self, namespace: str) -> Iterator[tuple[bool, str | None, int]]:
        """Where samples are looked for, each more than the one before: same tag, namespace, days."""
        yield from ((True, namespace, WEEK), (True, namespace, MONTH))
        if self._namespace_only:
            yield False, namespace, MONTH
        else:
            yield from ((True, None, WEEK), (True, None, MONTH), (False, None, MONTH))


def percentile(samples: Sequence[float], percent: int) -> float:
    """The least sample that so many percent of them do not exceed."""
    return sorted(samples)[math.ceil(len(samples) * percent / 100) - 1]


def _quantity(resource: str, amount: float) -> str:
    units, nanos = _NANOS[resource]
    return str(Quantity(math.ceil(amount * units) * nanos))


def _config(prometheus: Any) -> Config:
    """Raises ValueError for what does not tell how Prometheus is reached."""
    match prometheus:
        case {"url": str(url), **rest} if not rest and url.startswith(("http://", "https://")):
            return Config(url.rstrip("/"))
        case {"kubeConfigFile": str(path), **rest} if not rest:
            try:
                return config_from_kubeconfig(load_kubeconfig(Path(path)))
            except ConfigError as error:
                raise ValueError(f"InitialResources: prometheus.kubeConfigFile: {error.problems[0]}") from None
    raise ValueError("InitialResources: prometheus: must be {url: URL} or {kubeConfigFile: PATH}")
