"""EventRateLimit: so many Events a second and no more, so that a fault somewhere does not drown everything else.

The configuration (eventratelimit.admission.k8s.io/v1alpha1) lists limits; each has token buckets by its type: one for
the server, or one for each namespace, user, or source and object of Events, of which ``cacheSize`` are kept::

    limits:
    - {type: Namespace, qps: 50, burst: 100, cacheSize: 2000}
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.client.work_queue.token_bucket import TokenBucket

EVENTS = frozenset((GroupResource("", "events"), GroupResource("events.k8s.io", "events")))
DEFAULT_CACHE_SIZE = 4096
SERVER = "Server"

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Limit:
    """``type`` is a key of ``KEYS``; ``qps`` and ``burst`` are at least 1; ``cache_size`` counts buckets."""

    type: str
    qps: int
    burst: int
    cache_size: int = DEFAULT_CACHE_SIZE


class EventRateLimit:
    name = "EventRateLimit"
    operations = frozenset((CREATE, UPDATE))
    resources = EVENTS

    def __init__(self, limits: Sequence[Limit], clock: Clock = monotonic) -> None:
        """``clock`` is in seconds, and does not go back."""
        self._limits = [_Buckets(limit, clock) for limit in limits]

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        return cls(_limits(configuration or {}))

    def validate(self, attributes: Attributes) -> None:
        """Raises TooManyRequests. Each limit is asked, also behind one that refuses; a dry run costs nothing."""
        if attributes.dry_run:
            return
        refusals = [refusal for buckets in self._limits if (refusal := buckets.take(attributes)) is not None]
        if refusals:
            raise refusals[-1]


class _Buckets:
    """Those of one limit, the least recently used first."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit, self._clock = limit, clock
        self._key = KEYS[limit.type]
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, attributes: Attributes) -> ApiError | None:
        key = self._key(attributes)
        bucket = self._bucket(key)
        now = self._clock()
        wait = bucket.reserve(now)
        if not wait:
            return None
        # The token is given back: a request that is refused is not waiting for it.
        bucket.reserve(now, -1)
        seconds = max(1, math.ceil(wait))
        return ApiError(
            429,
            "TooManyRequests",
            f"Too many requests: limit reached on type {self._limit.type} for key {key}",
            {"retryAfterSeconds": seconds},
            (("Retry-After", str(seconds)),),
        )

    def _bucket(self, key: str) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._limit.qps, self._limit.burst)
            if len(self._buckets) > self._limit.cache_size:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket


def _source_and_object(attributes: Attributes) -> str:
    """What reports, and about what; in both forms that Events have."""
    event = attributes.object or {}
    source = event.get("source") or event.get("deprecatedSource") or {}
    about = event.get("involvedObject") or event.get("regarding") or {}
    parts = [source.get("component") or event.get("reportingController") or event.get("reportingComponent")]
    parts += [source.get("host"), *(about.get(field) for field in ("kind", "namespace", "name", "uid", "apiVersion"))]
    return "".join(part or "" for part in parts)


KEYS: Mapping[str, Callable[[Attributes], str]] = {
    SERVER: lambda _: "",
    "Namespace": lambda attributes: attributes.namespace,
    "User": lambda attributes: attributes.user.name,
    "SourceAndObject": _source_and_object,
}
"""Limit type to what a request's bucket is found by."""


def _limits(configuration: Mapping[str, Any]) -> list[Limit]:
    """Raises ValueError, naming the field, for what is no configuration of this plugin."""
    listed = configuration.get("limits")
    if not isinstance(listed, list) or not listed:
        raise ValueError("EventRateLimit: limits: Invalid value: must not be empty")
    return [_limit(f"EventRateLimit: limits[{at}]", one) for at, one in enumerate(listed)]


def _limit(path: str, one: Any) -> Limit:
    if not isinstance(one, dict) or set(one) - {"type", "qps", "burst", "cacheSize"}:
        raise ValueError(f"{path}: must have type, qps, burst and perhaps cacheSize")
    if one.get("type") not in KEYS:
        raise ValueError(f"{path}.type: Unsupported value: supported values: {', '.join(KEYS)}")
    for field, least in (("qps", 1), ("burst", 1), ("cacheSize", 0)):
        value = one.get(field, 0)
        if type(value) is not int or value < least:
            raise ValueError(f"{path}.{field}: Invalid value: must {'be positive' if least else 'not be negative'}")
    return Limit(one["type"], one["qps"], one["burst"], one.get("cacheSize") or DEFAULT_CACHE_SIZE)
