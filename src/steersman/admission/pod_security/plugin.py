"""The plugin: Pods are refused, what makes Pods is warned of, labels of namespaces are checked."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.pod_security.configuration import Configuration, read_configuration
from steersman.admission.pod_security.existing_pods import warnings_of
from steersman.admission.pod_security.level import (
    AUDIT,
    ENFORCE,
    MODES,
    PREFIX,
    PRIVILEGED,
    WARN,
    Policy,
    Standard,
    is_stricter,
    policy_of,
)
from steersman.admission.pod_security.pod_parts import PodParts, pod_parts
from steersman.admission.pod_security.standards import Standards, in_detail
from steersman.admission.pod_spec import EPHEMERAL, INIT, MAIN, PODS, objects_in
from steersman.apimachinery.errors import FieldError, forbidden, internal_error, invalid
from steersman.apimachinery.group_version import GroupKind, GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

NAMESPACES = GroupResource("", "namespaces")
_TEMPLATE = ("spec", "template")
POD_TEMPLATES: Mapping[GroupResource, tuple[str, ...]] = {
    GroupResource("", "podtemplates"): ("template",),
    GroupResource("", "replicationcontrollers"): _TEMPLATE,
    GroupResource("apps", "daemonsets"): _TEMPLATE,
    GroupResource("apps", "deployments"): _TEMPLATE,
    GroupResource("apps", "replicasets"): _TEMPLATE,
    GroupResource("apps", "statefulsets"): _TEMPLATE,
    GroupResource("batch", "cronjobs"): ("spec", "jobTemplate", "spec", "template"),
    GroupResource("batch", "jobs"): _TEMPLATE,
}
"""What makes Pods, and where in it they are described."""

_IGNORED_SUBRESOURCES = frozenset(("exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"))


class PodSecurity:
    name = "PodSecurity"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((NAMESPACES, PODS, *POD_TEMPLATES))

    def __init__(
        self, objects: ObjectReader, standards: Standards, metrics: Metrics, configuration: Configuration
    ) -> None:
        self._objects, self._standards, self._configuration = objects, standards, configuration
        labels = ("decision", "policy_level", "policy_version", "mode", "request_operation", "resource", "subresource")
        self._evaluations = metrics.counter("pod_security_evaluations_total", "Evaluations of policies.", labels)
        self._exemptions = metrics.counter("pod_security_exemptions_total", "Requests that are exempt.", labels[4:])

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        read = read_configuration(configuration or {})
        return cls(context.objects, Standards(context.minor), context.metrics, read)

    async def validate(self, attributes: Attributes) -> None:
        obj, resource = attributes.object, attributes.group_resource
        if obj is None:
            return
        if resource == NAMESPACES:
            if not attributes.subresource:
                await self._validate_namespace(attributes, obj)
        elif resource == PODS:
            if attributes.subresource not in _IGNORED_SUBRESOURCES:
                await self._validate_pod(attributes, obj)
        elif not attributes.subresource:
            await self._validate_template(attributes, obj)

    async def _validate_pod(self, attributes: Attributes, pod: Object) -> None:
        if self._is_exempt(attributes):
            return
        labels = await self._labels(attributes.namespace)
        if labels is None:
            raise internal_error(f'failed to lookup namespace "{attributes.namespace}"')
        policy, wrong = policy_of(labels, self._configuration.defaults)
        if not wrong and policy.is_privileged:
            _annotate(attributes, "enforce-policy", f"{PRIVILEGED}:latest")
            self._count("allow", policy.enforce, ENFORCE, attributes)
            return
        if attributes.old_object is None or _brings_containers(pod, attributes.old_object):
            self._evaluate(attributes, policy, wrong, pod.get("metadata"), pod.get("spec") or {}, enforced=True)

    async def _validate_template(self, attributes: Attributes, obj: Object) -> None:
        if self._is_exempt(attributes):
            return
        labels = await self._labels(attributes.namespace)
        if labels is None:
            message = f'failed to lookup namespace "{attributes.namespace}"'
            _annotate(attributes, "error", message)
            return
        policy, wrong = policy_of(labels, self._configuration.defaults)
        if not wrong and policy.warn.level == policy.audit.level == PRIVILEGED:
            return
        template: Any = obj
        for member in POD_TEMPLATES[attributes.group_resource]:
            template = (template or {}).get(member)
        if template is not None:
            self._evaluate(
                attributes, policy, wrong, template.get("metadata"), template.get("spec") or {}, enforced=False
            )

    def _evaluate(
        self,
        attributes: Attributes,
        policy: Policy,
        wrong: list[FieldError],
        metadata: Any,
        spec: Object,
        *,
        enforced: bool,
    ) -> None:
        if spec.get("runtimeClassName") in self._configuration.runtime_classes:
            self._exempt(attributes, "runtimeClass")
            return
        if wrong:
            told = str(wrong[0]) if len(wrong) == 1 else f"[{', '.join(map(str, wrong))}]"
            _annotate(attributes, "error", f"Failed to parse policy: {told}")
        pod = pod_parts(metadata, spec)
        refusal = ""
        if enforced:
            _annotate(attributes, "enforce-policy", str(policy.enforce))
            refusal = self._violated(policy.enforce, pod)
            self._count("deny" if refusal else "allow", policy.enforce, ENFORCE, attributes)
        told = self._violated(policy.audit, pod)
        if told:
            _annotate(attributes, "audit-violations", f"would violate {told}")
            self._count("deny", policy.audit, AUDIT, attributes)
        if refusal:
            raise forbidden(attributes.group_resource, attributes.name, f"violates {refusal}")
        told = self._violated(policy.warn, pod)
        if told:
            attributes.warnings.append(f"would violate {told}")
            self._count("deny", policy.warn, WARN, attributes)

    def _violated(self, standard: Standard, pod: PodParts) -> str:
        """What the Pod violates; empty if nothing."""
        violations = self._standards.violations(standard, pod)
        return f'PodSecurity "{standard}": {in_detail(violations)}' if violations else ""

    async def _validate_namespace(self, attributes: Attributes, namespace: Object) -> None:
        defaults, name = self._configuration.defaults, attributes.name
        labels = namespace["metadata"].get("labels") or {}
        policy, wrong = policy_of(labels, defaults)
        old, old_wrong = policy_of({}, defaults)
        if attributes.old_object is not None:
            old, old_wrong = policy_of(attributes.old_object["metadata"].get("labels") or {}, defaults)
        if wrong and wrong != old_wrong:
            raise invalid(GroupKind("", "Namespace"), name, wrong)
        is_new = attributes.old_object is None
        if not is_new and not _is_tightened(policy.enforce, old.enforce):
            return
        if name in self._configuration.namespaces:
            if not policy.is_privileged and not policy.is_like(defaults):
                attributes.warnings.append(_of_no_effect(name, policy, labels))
        elif not is_new:
            pods = (entry.parsed() for entry in await self._objects.list(PODS, name))
            exempt = self._configuration.runtime_classes
            looked_at = (pod for pod in pods if (pod.get("spec") or {}).get("runtimeClassName") not in exempt)
            attributes.warnings += warnings_of(name, looked_at, self._standards, policy.enforce)

    async def _labels(self, namespace: str) -> Mapping[str, str] | None:
        entry = await self._objects.get(NAMESPACES, "", namespace)
        return None if entry is None else entry.labels

    def _is_exempt(self, attributes: Attributes) -> bool:
        if attributes.namespace in self._configuration.namespaces:
            self._exempt(attributes, "namespace")
        elif attributes.user.name in self._configuration.usernames:
            self._exempt(attributes, "user")
        else:
            return False
        return True

    def _exempt(self, attributes: Attributes, reason: str) -> None:
        _annotate(attributes, "exempt", reason)
        self._exemptions.add(_counted(attributes))

    def _count(self, decision: str, standard: Standard, mode: str, attributes: Attributes) -> None:
        level, version = str(standard).split(":")
        self._evaluations.add((decision, level, version, mode, *_counted(attributes)))


def _annotate(attributes: Attributes, key: str, value: str) -> None:
    attributes.add_annotation(f"{PREFIX}{key}", value)


def _counted(attributes: Attributes) -> tuple[str, str, str]:
    kind = "pod" if attributes.group_resource == PODS else "controller"
    return attributes.operation.lower(), kind, attributes.subresource


def _brings_containers(pod: Object, old: Object) -> bool:
    """Whether an update has containers or images that were not there; nothing else in it matters here."""
    spec, before = pod.get("spec") or {}, old.get("spec") or {}
    if any(_images(spec, kind) != _images(before, kind) for kind in (MAIN, INIT)):
        return True
    return not {*_images(spec, EPHEMERAL)} <= {*_images(before, EPHEMERAL)}


def _images(spec: Object, kind: str) -> list[tuple[str, str]]:
    """Names count for ephemeral containers only: the others keep their order."""
    named = kind == EPHEMERAL
    return [(one.get("name") or "" if named else "", one.get("image") or "") for _, one in objects_in(spec.get(kind))]


def _is_tightened(new: Standard, old: Standard) -> bool:
    if new == old or new.level == PRIVILEGED:
        return False
    return new.minor != old.minor or is_stricter(new.level, old.level)


def _of_no_effect(namespace: str, policy: Policy, labels: Mapping[str, str]) -> str:
    said = [
        f"{mode}={standard}"
        for mode, standard in zip(MODES, policy, strict=True)
        if standard.level != PRIVILEGED
        if f"{PREFIX}{mode}" in labels or f"{PREFIX}{mode}-version" in labels
    ]
    return f'namespace "{namespace}" is exempt from Pod Security, and the policy ({", ".join(said)}) will be ignored'
