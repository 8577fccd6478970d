"""The plugin: of the policies that the user or the Pod's service account may use, one has to allow the Pod."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.permission import allows, verdict_on
from steersman.admission.pod_security_policy.defaults import set_defaults
from steersman.admission.pod_security_policy.pod_checks import check_pod
from steersman.admission.pod_spec import PODS
from steersman.apimachinery.errors import FieldError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

GROUPS = ("policy", "extensions")
"""In which policies are, and in which the permission to use them may be given."""
RESOURCE = "podsecuritypolicies"
ANNOTATION = "kubernetes.io/psp"
AUDIT_PREFIX = "podsecuritypolicy.policy.k8s.io/"
NAMED_SINCE = 19
"""The minor from which on messages begin with the plugin's name."""

_COLLECTED = frozenset(("ownerReferences", "finalizers", "resourceVersion", "managedFields", "generation"))
"""Metadata that a change by the garbage collector touches."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The name of the policy that allows the Pod, and the Pod as it makes it; or else what is wrong under each."""

    policy: str = ""
    pod: Object | None = None
    errors: tuple[FieldError, ...] = ()


class PodSecurityPolicy:
    """A policy under which the Pod stays as it is goes before one that changes it; then their names decide.

    Where there are no policies, there are no Pods.
    """

    name = "PodSecurityPolicy"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def __init__(self, objects: ObjectReader, authorizer: Authorizer, minor: int) -> None:
        self._objects, self._authorizer = objects, authorizer
        named = minor >= NAMED_SINCE
        self._prefix = "PodSecurityPolicy: " if named else ""
        self._cannot = dict.fromkeys(("admit", "validate"), "unable to validate against any pod security policy")
        if named:
            self._cannot = {verb: f"unable to {verb} pod" for verb in self._cannot}

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects, context.authorizer, context.minor)

    async def admit(self, attributes: Attributes) -> None:
        """Only new Pods are changed."""
        if attributes.operation != CREATE or attributes.subresource or attributes.object is None:
            return
        found = await self._find(attributes, attributes.object, may_change=True)
        if found.pod is None:
            raise self._refusal(attributes, "admit", found)
        pod = attributes.object = found.pod
        metadata = pod["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), ANNOTATION: found.policy}
        attributes.add_annotation(f"{AUDIT_PREFIX}admit-policy", found.policy)

    async def validate(self, attributes: Attributes) -> None:
        pod, old = attributes.object, attributes.old_object
        if pod is None or attributes.subresource not in ("", "ephemeralcontainers"):
            return
        if old is not None and _beside_collection(old) == _beside_collection(pod):
            return
        found = await self._find(attributes, pod, may_change=False)
        if found.pod is None:
            raise self._refusal(attributes, "validate", found)
        attributes.add_annotation(f"{AUDIT_PREFIX}validate-policy", found.policy)

    def _refusal(self, attributes: Attributes, verb: str, found: _Found) -> Exception:
        listed = " ".join(map(str, found.errors))
        return forbidden(PODS, attributes.name, f"{self._prefix}{self._cannot[verb]}: [{listed}]")

    async def _find(self, attributes: Attributes, pod: Object, *, may_change: bool) -> _Found:
        policies = await self._policies()
        if not policies:
            told = f"{self._prefix}no providers available to validate pod request"
            raise forbidden(PODS, attributes.name, told)
        if not may_change:
            # The policy that the Pod was created under is the one that most likely allows it.
            hint = (pod["metadata"].get("annotations") or {}).get(ANNOTATION)
            policies.sort(key=lambda policy: policy["metadata"]["name"] != hint)
        changed: _Found | None = None
        failed: list[tuple[str, list[FieldError]]] = []
        for policy in policies:
            name, made = policy["metadata"]["name"], deepcopy(pod)
            set_defaults(policy, made)
            if errors := check_pod(policy, made):
                failed.append((name, errors))
                continue
            same = made == pod
            if not same and (not may_change or changed is not None):
                continue
            if await self._may_use(attributes, pod, name):
                if same:
                    return _Found(name, made)
                changed = _Found(name, made)
        return changed or await self._explained(attributes, pod, failed)

    async def _explained(
        self, attributes: Attributes, pod: Object, failed: list[tuple[str, list[FieldError]]]
    ) -> _Found:
        """What is wrong under the policies that may be used: of others nothing is told."""
        errors: list[FieldError] = []
        for name, found in failed:
            if await self._may_use(attributes, pod, name):
                errors += found
        return _Found(errors=tuple(errors))

    async def _policies(self) -> list[Object]:
        """In the order of their names."""
        for group in GROUPS:
            if listed := await self._objects.list(GroupResource(group, RESOURCE)):
                return [entry.parsed() for entry in listed]
        return []

    async def _may_use(self, attributes: Attributes, pod: Object, policy: str) -> bool:
        account = (pod.get("spec") or {}).get("serviceAccountName")
        users = [service_account_user(attributes.namespace, account)] if account else []
        for user in (*users, attributes.user):
            for group in GROUPS:
                verdict = await verdict_on(
                    self._authorizer,
                    user,
                    "use",
                    group=group,
                    version="*",
                    resource=RESOURCE,
                    namespace=attributes.namespace,
                    name=policy,
                )
                if allows(verdict):
                    return True
        return False


def service_account_user(namespace: str, name: str) -> UserInfo:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    return UserInfo(f"system:serviceaccount:{namespace}:{name}", groups=groups)


def _beside_collection(pod: Object) -> Object:
    metadata = {key: value for key, value in pod["metadata"].items() if key not in _COLLECTED}
    return {**pod, "metadata": metadata}
