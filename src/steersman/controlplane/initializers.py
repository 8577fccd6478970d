"""What a server has more of whose chain has the plugin Initializers: a kind to configure them, and fields for them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from steersman.admission.initializers.configuration import CONFIGURATIONS, FAILURE_POLICIES
from steersman.apimachinery.group_version import GroupVersion, GroupVersionResource
from steersman.apis.catalog import ALL, REF_PREFIX, BuiltinResource, Catalog, RuntimeConfig, Schema
from steersman.apiserver.metric_family import Row
from steersman.apiserver.metrics import Metrics

_VERSION = GroupVersion(CONFIGURATIONS.group, "v1alpha1")
_SERVED = GroupVersionResource(*_VERSION, CONFIGURATIONS.resource)
_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_STRING: Mapping[str, Any] = {"type": "string"}
_CONDITION: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "status"],
    "properties": {
        "type": _STRING,
        "status": _STRING,
        "reason": _STRING,
        "message": _STRING,
        "lastTransitionTime": {"type": "string", "format": "date-time"},
    },
}
_POLICY: Mapping[str, Any] = {
    "failurePolicy": {
        "type": "string",
        "description": f"{' or '.join(FAILURE_POLICIES)}: what becomes of an object when the time is up.",
    },
    "timeoutSeconds": {
        "type": "integer",
        "format": "int32",
        "description": "How long its turn may last; for ever, unless failurePolicy or this is set.",
    },
}
_MORE: Mapping[str, Mapping[str, Any]] = {
    f"{_META}ObjectMeta": {
        "initializers": {
            "$ref": f"{REF_PREFIX}{_META}Initializers",
            "description": "What the object waits for before it is seen; absent once it is initialized.",
        }
    },
    f"{_META}Initializers": {
        "conditions": {
            "type": "array",
            "items": _CONDITION,
            "description": "What the server has seen of those whose turn it is: Stuck, when one of them does nothing.",
        }
    },
    f"{_META}Initializer": {
        "commutes": {"type": "boolean", "description": "It has its turn together with neighbours that commute too."},
        "since": {"type": "string", "description": "When its turn began; set by the server."},
        **_POLICY,
    },
    "io.k8s.api.admissionregistration.v1alpha1.Initializer": {
        **_POLICY,
        "commutes": {
            "type": "boolean",
            "description": "It may have its turn together with its neighbours, if they commute too.",
        },
        "serviceAccount": {
            "type": "object",
            "description": "As whom it runs: its own workload is then known, and not made to wait for itself.",
            "properties": {"namespace": _STRING, "name": _STRING},
            "required": ["namespace", "name"],
        },
    },
}
"""Properties by definition, beside those that the minor has."""


def add_initializer_metrics(metrics: Metrics, waiting: Callable[[], Iterable[tuple[str, float]]]) -> None:
    """Show how many turns last now, and how long the longest does; ``waiting`` gives name and seconds of each."""

    def count() -> Mapping[Row, float]:
        return {(name,): float(number) for name, number in Counter(name for name, _ in waiting()).items()}

    def oldest() -> Mapping[Row, float]:
        ages: dict[Row, float] = {}
        for name, seconds in waiting():
            ages[(name,)] = max(seconds, ages.get((name,), 0.0))
        return ages

    text = "Objects that wait for an initializer whose turn it is."
    metrics.gauge("apiserver_initializers_pending", text, ("initializer",), count)
    text = "How long the longest of the turns has lasted that an initializer has now, in seconds."
    metrics.gauge("apiserver_initializers_oldest_pending_seconds", text, ("initializer",), oldest)


class CatalogWithInitializers(Catalog):
    """The API of a minor, and of initializers what the minor lacks."""

    def resources(self, runtime_config: RuntimeConfig | None = None, profile: str = ALL) -> list[BuiltinResource]:
        config = runtime_config or RuntimeConfig()
        if config.versions.get(_VERSION) is not False:
            config = replace(config, resources={_SERVED: True, **config.resources})
        return super().resources(config, profile)

    def definition(self, name: str) -> Schema:
        schema = super().definition(name)
        more = _MORE.get(name.removeprefix(REF_PREFIX))
        return schema if more is None else {**schema, "properties": {**schema.get("properties", {}), **more}}
