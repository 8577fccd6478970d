"""No one grants by a role or a binding what they do not hold, unless they may ``escalate`` or ``bind`` that role.

"Using RBAC Authorization", section "Privilege escalation prevention and bootstrapping".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.apimachinery.errors import forbidden, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission.attributes import Attributes
from steersman.apiserver.authorization.always import EVERYTHING
from steersman.apiserver.authorization.authorizer import Authorizer, Decision, Verdict
from steersman.apiserver.authorization.policy_rule import PolicyRule, rules_of
from steersman.apiserver.authorization.rbac.coverage import TooManyToCompare, escalation, not_held
from steersman.apiserver.authorization.rbac.role_index import RBAC, RoleIndex
from steersman.apiserver.registry.lifecycle import WriteCheck
from steersman.apiserver.registry.resource import Object
from steersman.apiserver.request_info import RequestInfo

PRIVILEGED = "system:masters"
_ROLES = {"Role": "roles", "ClusterRole": "clusterroles"}
_COLLECTED = ("ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation")


class EscalationCheck:
    """Looks at the writes of roles and bindings. ``authorizer`` is asked for the verbs ``escalate`` and ``bind``."""

    def __init__(self, index: RoleIndex, authorizer: Authorizer) -> None:
        self._index, self._authorizer = index, authorizer

    def checks(self) -> Mapping[GroupResource, WriteCheck]:
        """What looks at the writes of each kind."""
        return {
            GroupResource(RBAC, "roles"): self.check_role,
            GroupResource(RBAC, "clusterroles"): self.check_role,
            GroupResource(RBAC, "rolebindings"): self.check_binding,
            GroupResource(RBAC, "clusterrolebindings"): self.check_binding,
        }

    async def check_role(self, attributes: Attributes) -> None:
        """Raises ApiError 403 where the role has rules that the user does not hold."""
        obj, old = attributes.object, attributes.old_object
        if obj is None or PRIVILEGED in attributes.user.groups or _only_collects(obj, old):
            return
        name = attributes.name if old is not None else ""
        if await self._may("escalate", attributes, attributes.resource.plural, name):
            return
        self._confirm(attributes, rules_of(obj))
        aggregates = obj.get("aggregationRule") is not None or (old or {}).get("aggregationRule") is not None
        if aggregates and not_held(self._index, attributes.user, attributes.namespace, EVERYTHING):
            message = "must have cluster-admin privileges to use the aggregationRule"
            raise forbidden(attributes.group_resource, attributes.name, message)

    async def check_binding(self, attributes: Attributes) -> None:
        """Raises ApiError 403 where the role of the binding has rules that the user does not hold; 404 for no role."""
        obj = attributes.object
        if obj is None or PRIVILEGED in attributes.user.groups or _only_collects(obj, attributes.old_object):
            return
        role = obj.get("roleRef") or {}
        plural, name = _ROLES.get(role.get("kind") or ""), role.get("name") or ""
        if plural is None:
            # Its validation tells what is wrong with it.
            return
        if await self._may("bind", attributes, plural, name, role.get("apiGroup") or ""):
            return
        rules = self._index.role((attributes.namespace if plural == "roles" else "", name))
        if rules is None:
            raise not_found(GroupResource(RBAC, plural), name)
        self._confirm(attributes, rules)

    async def _may(self, verb: str, attributes: Attributes, plural: str, name: str, group: str = RBAC) -> bool:
        info = RequestInfo(verb, "", True, group, "*", attributes.namespace, plural, "", name)
        verdict = self._authorizer.authorize(attributes.user, info)
        if not isinstance(verdict, Verdict):
            verdict = await verdict
        return verdict.decision is Decision.ALLOW

    def _confirm(self, attributes: Attributes, rules: Sequence[PolicyRule]) -> None:
        index, user, namespace = self._index, attributes.user, attributes.namespace
        try:
            missing = not_held(index, user, namespace, rules)
        except TooManyToCompare as error:
            raise forbidden(attributes.group_resource, attributes.name, str(error)) from None
        if missing:
            message = escalation(index, user, namespace, missing)
            raise forbidden(attributes.group_resource, attributes.name, message)


def _only_collects(obj: Object, old: Object | None) -> bool:
    """Whether the write changes no more than a garbage collector does: owner references and finalizers."""
    return old is not None and _without_collection(obj) == _without_collection(old)


def _without_collection(obj: Object) -> dict[str, Any]:
    meta = {name: value for name, value in obj["metadata"].items() if name not in _COLLECTED}
    return {**obj, "metadata": meta}
