"""PodTolerationRestriction: what the Pods of a namespace tolerate by default, and what they may tolerate at all.

Both stand in annotations of the namespace, as JSON lists of tolerations; where it has none, in the configuration
(podtolerationrestriction.admission.k8s.io/v1alpha1), as ``default`` and ``whitelist``.
"""

from collections.abc import Mapping
from typing import Any, Self

import orjson

from steersman.admission import tolerations
from steersman.admission.namespace_annotations import annotations_of
from steersman.admission.pod_spec import PODS, is_best_effort, spec_of
from steersman.admission.tolerations import Toleration
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.reader import ObjectReader

DEFAULT = "scheduler.alpha.kubernetes.io/defaultTolerations"
WHITELIST = "scheduler.alpha.kubernetes.io/tolerationsWhitelist"

_MEMORY_PRESSURE: Toleration = {
    "key": "node.kubernetes.io/memory-pressure",
    "operator": tolerations.EXISTS,
    "effect": tolerations.NO_SCHEDULE,
}
_FIELDS = ("apiVersion", "kind", "default", "whitelist")


class PodTolerationRestriction:
    """A Pod that is promised resources tolerates memory pressure too: it is not what presses."""

    name = "PodTolerationRestriction"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def __init__(
        self, objects: ObjectReader, default: list[Toleration] | None, whitelist: list[Toleration] | None
    ) -> None:
        """``default`` and ``whitelist`` are for namespaces that say nothing; no whitelist allows everything."""
        self._objects = objects
        self._default, self._whitelist = default, whitelist

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        configuration = configuration or {}
        if unknown := sorted({*configuration} - {*_FIELDS}):
            raise ValueError(f"{cls.name}: unknown field {unknown[0]!r} in its configuration")
        for field in ("default", "whitelist"):
            if not _is_list(configuration.get(field, [])):
                raise ValueError(f"{cls.name}: {field} must be a list of tolerations")
        return cls(context.objects, configuration.get("default"), configuration.get("whitelist"))

    async def admit(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        own = tolerations.of_pod(attributes.object.get("spec") or {})
        default: list[Toleration] = []
        if attributes.operation == CREATE:
            ordered = await self._ordered(attributes, DEFAULT)
            default = (self._default if ordered is None else ordered) or []
        pressure = [] if is_best_effort(attributes.object) else [_MEMORY_PRESSURE]
        if default or own or pressure:
            merged = tolerations.merge(default, own)
            spec_of(attributes.object)["tolerations"] = tolerations.merge(merged, pressure)

    async def validate(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        own = tolerations.of_pod(attributes.object.get("spec") or {})
        if not own:
            return
        allowed, scope = await self._ordered(attributes, WHITELIST), "namespace"
        if allowed is None:
            allowed, scope = self._whitelist, "cluster"
        if allowed and not tolerations.all_covered(own, allowed):
            message = (
                "pod tolerations (possibly merged with namespace default tolerations) conflict with its"
                f" {scope} whitelist"
            )
            raise forbidden(PODS, attributes.name, message)

    async def _ordered(self, attributes: Attributes, annotation: str) -> list[Toleration] | None:
        """What the namespace's annotation lists; None where it has none."""
        written = (await annotations_of(self._objects, attributes.namespace)).get(annotation)
        if written is None:
            return None
        try:
            listed: Any = orjson.loads(written) if written else []
        except orjson.JSONDecodeError:
            listed = None
        if not _is_list(listed):
            message = f"annotation {annotation} of namespace {attributes.namespace} is no JSON list of tolerations"
            raise forbidden(PODS, attributes.name, message)
        found: list[Toleration] = listed
        return found


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)
