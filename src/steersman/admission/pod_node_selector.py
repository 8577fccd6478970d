"""PodNodeSelector: the Pods of a namespace run on the nodes of that namespace.

The namespace's annotation says which labels its Pods select nodes by; without one, the configuration's
``clusterDefaultNodeSelector``. Under a namespace's name the configuration may have the only labels that are allowed::

    podNodeSelectorPluginConfig:
      clusterDefaultNodeSelector: disk=ssd
      team-a: disk=ssd,zone=a
"""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.namespace_annotations import annotations_of
from steersman.admission.pod_spec import PODS, spec_of
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.names import check_label_key, check_label_value
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.reader import ObjectReader

ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector"
CLUSTER_DEFAULT = "clusterDefaultNodeSelector"
_SECTION = "podNodeSelectorPluginConfig"

Labels = dict[str, str]


class PodNodeSelector:
    name = "PodNodeSelector"
    operations = frozenset((CREATE,))
    resources = frozenset((PODS,))

    def __init__(self, objects: ObjectReader, selectors: Mapping[str, Labels]) -> None:
        """``selectors`` by namespace are the labels that are allowed there, by ``CLUSTER_DEFAULT`` those of all."""
        self._objects = objects
        self._default = selectors.get(CLUSTER_DEFAULT, {})
        self._allowed = {namespace: labels for namespace, labels in selectors.items() if namespace != CLUSTER_DEFAULT}

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        return cls(context.objects, _selectors(configuration or {}))

    async def admit(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        ordered = await self._ordered(attributes)
        _refuse_conflict(attributes, ordered)
        if ordered:
            spec = spec_of(attributes.object)
            spec["nodeSelector"] = {**ordered, **(spec.get("nodeSelector") or {})}

    async def validate(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        _refuse_conflict(attributes, await self._ordered(attributes))
        allowed = self._allowed.get(attributes.namespace)
        if allowed and not _selected(attributes).items() <= allowed.items():
            message = "pod node label selector labels conflict with its namespace whitelist"
            raise forbidden(PODS, attributes.name, message)

    async def _ordered(self, attributes: Attributes) -> Labels:
        """The labels that the namespace, or else the configuration, wants its Pods to select."""
        written = (await annotations_of(self._objects, attributes.namespace)).get(ANNOTATION)
        if written is None:
            return self._default
        try:
            return _labels(written)
        except ValueError as error:
            message = f"annotation {ANNOTATION} of namespace {attributes.namespace}: {error}"
            raise forbidden(PODS, attributes.name, message) from None


def _refuse_conflict(attributes: Attributes, ordered: Labels) -> None:
    selected = _selected(attributes)
    if any(selected.get(key, value) != value for key, value in ordered.items()):
        message = "pod node label selector conflicts with its namespace node label selector"
        raise forbidden(PODS, attributes.name, message)


def _selected(attributes: Attributes) -> Labels:
    found: Labels = ((attributes.object or {}).get("spec") or {}).get("nodeSelector") or {}
    return found


def _selectors(configuration: Mapping[str, Any]) -> dict[str, Labels]:
    """Raises ValueError for what is no configuration of this plugin."""
    if unknown := sorted({*configuration} - {_SECTION}):
        raise ValueError(f"PodNodeSelector: unknown field {unknown[0]!r} in its configuration")
    section = configuration.get(_SECTION) or {}
    if not isinstance(section, dict):
        raise ValueError(f"PodNodeSelector: {_SECTION} must be an object")
    selectors: dict[str, Labels] = {}
    for namespace, written in section.items():
        if not isinstance(written, str):
            raise ValueError(f"PodNodeSelector: {_SECTION}.{namespace}: must be a string such as disk=ssd,zone=a")
        try:
            selectors[namespace] = _labels(written)
        except ValueError as error:
            raise ValueError(f"PodNodeSelector: {_SECTION}.{namespace}: {error}") from None
    return selectors


def _labels(written: str) -> Labels:
    """From ``disk=ssd,zone=a``. Raises ValueError."""
    labels: Labels = {}
    for one in written.split(",") if written else ():
        key, equals, value = (part.strip() for part in one.partition("="))
        if not equals or "=" in value:
            raise ValueError(f"invalid selector: {one!r} is not of the form key=value")
        for problem in (*check_label_key(key), *check_label_value(value)):
            raise ValueError(f"invalid selector: {one!r}: {problem}")
        labels[key] = value
    return labels
