"""The Node authorizer: which requests of nodes are allowed. What is in them, the plugin NodeRestriction looks at."""

from collections.abc import Callable, Sequence

from steersman.apimachinery import field_selector
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import ALLOW, NO_OPINION, Decision, Rules, Verdict
from steersman.apiserver.authorization.node.graph import NodeGraph
from steersman.apiserver.authorization.node.references import Reference
from steersman.apiserver.authorization.policy_rule import PolicyRule
from steersman.apiserver.authorization.rbac.grants import allows_path, allows_resource, ways_to_write
from steersman.apiserver.request_info import RequestInfo

NODES_GROUP = "system:nodes"
NODE_PREFIX = "system:node:"
LEASE_NAMESPACE = "kube-node-lease"

_OBJECT_VERBS = frozenset(("get", "create", "update", "patch", "delete"))
_LISTS = frozenset(("list", "watch"))
_COLLECTIONS = frozenset(("list", "watch", "deletecollection"))


def node_name(user: UserInfo) -> str | None:
    """The node that the user is; "" for one that cannot be told, None for who is none."""
    if not user.name.startswith(NODE_PREFIX) or NODES_GROUP not in user.groups:
        return None
    return user.name.removeprefix(NODE_PREFIX)


class NodeAuthorizer:
    """``rules`` are what any node may, for the resources that are not looked at one by one."""

    def __init__(self, graph: NodeGraph, rules: Sequence[PolicyRule]) -> None:
        self._graph, self._rules = graph, tuple(rules)
        self._checks: dict[tuple[str, str], Callable[[str, RequestInfo], Verdict]] = {
            ("", "secrets"): self._read,
            ("", "configmaps"): self._read,
            ("", "persistentvolumeclaims"): self._claim,
            ("", "persistentvolumes"): self._get,
            ("resource.k8s.io", "resourceclaims"): self._get,
            ("storage.k8s.io", "volumeattachments"): self._get,
            ("", "serviceaccounts"): self._token,
            ("coordination.k8s.io", "leases"): _lease,
            ("storage.k8s.io", "csinodes"): _csi_node,
            ("resource.k8s.io", "resourceslices"): self._slice,
            ("", "nodes"): _node,
            ("", "pods"): self._pod,
        }

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        node = node_name(user)
        if node is None:
            return NO_OPINION
        if not node:
            return _no(f'unknown node for user "{user.name}"')
        check = self._checks.get((info.group, info.resource)) if info.is_resource else None
        return check(node, info) if check is not None else self._by_rules(info)

    def rules_for(self, user: UserInfo, namespace: str) -> Rules:
        if node_name(user) is None:
            return Rules()
        return Rules((), True, ("node authorizer does not support user rule resolution",))

    def _by_rules(self, info: RequestInfo) -> Verdict:
        if not info.is_resource:
            allowed = any(allows_path(rule, info.verb, info.path) for rule in self._rules)
        else:
            resources = ways_to_write(info.resource, info.subresource)
            allowed = any(allows_resource(rule, info.verb, info.group, resources, info.name) for rule in self._rules)
        return ALLOW if allowed else NO_OPINION

    def _related(self, node: str, info: RequestInfo) -> Verdict:
        if not info.name:
            return _no("No Object name found")
        if self._graph.leads_to(node, Reference(info.resource, info.namespace, info.name)):
            return ALLOW
        return _no(f"no relationship found between node '{node}' and this object")

    def _read(self, node: str, info: RequestInfo) -> Verdict:
        if info.verb != "get" and info.verb not in _LISTS:
            return _no("can only read resources of this type")
        if info.subresource:
            return _no("cannot read subresource")
        if not info.namespace:
            return _no("can only read namespaced object of this type")
        return self._related(node, info)

    def _get(self, node: str, info: RequestInfo) -> Verdict:
        if info.verb != "get":
            return _no("can only get individual resources of this type")
        return _no("cannot get subresource") if info.subresource else self._related(node, info)

    def _claim(self, node: str, info: RequestInfo) -> Verdict:
        if info.subresource != "status":
            return self._get(node, info)
        if info.verb not in ("update", "patch"):
            return _no("can only get/update/patch this type")
        return self._related(node, info)

    def _token(self, node: str, info: RequestInfo) -> Verdict:
        if info.verb != "create" or not info.name:
            return _no("can only create tokens for individual service accounts")
        if info.subresource != "token":
            return _no("can only create token subresource of serviceaccount")
        return self._related(node, info)

    def _slice(self, node: str, info: RequestInfo) -> Verdict:
        if info.subresource:
            return _no("cannot authorize ResourceSlice subresources")
        if info.verb == "create":
            return ALLOW
        if info.verb in _COLLECTIONS:
            if _selects(info, "spec.nodeName", node):
                return ALLOW
            return _no("can only list/watch/deletecollection resourceslices with nodeName field selector")
        if info.verb in _OBJECT_VERBS:
            return self._related(node, info)
        verbs = "get, watch, list, create, update, patch, delete, deletecollection"
        return _no(f"only the following verbs are allowed for a ResourceSlice: {verbs}")

    def _pod(self, node: str, info: RequestInfo) -> Verdict:
        if info.subresource:
            return ALLOW if (info.verb, info.subresource) in _POD_PARTS else NO_OPINION
        if info.verb == "get":
            return self._related(node, info)
        if info.verb in _LISTS:
            if _selects(info, "spec.nodeName", node):
                return ALLOW
            if info.name:
                return self._related(node, info)
            return _no("can only list/watch pods with spec.nodeName field selector")
        return ALLOW if info.verb in ("create", "delete") else NO_OPINION


_POD_PARTS = frozenset((("update", "status"), ("patch", "status"), ("create", "eviction")))


def _no(reason: str) -> Verdict:
    return Verdict(Decision.NO_OPINION, reason)


def _lease(node: str, info: RequestInfo) -> Verdict:
    if info.verb not in _OBJECT_VERBS:
        return _no("can only get, create, update, patch, or delete a node lease")
    if info.namespace != LEASE_NAMESPACE:
        return _no(f'can only access leases in the "{LEASE_NAMESPACE}" system namespace')
    if info.verb != "create" and info.name != node:
        return _no("can only access node lease with the same name as the requesting node")
    return ALLOW


def _csi_node(node: str, info: RequestInfo) -> Verdict:
    if info.verb not in _OBJECT_VERBS:
        return _no("can only get, create, update, patch, or delete a CSINode")
    if info.subresource:
        return _no("cannot authorize CSINode subresources")
    if info.verb != "create" and info.name != node:
        return _no("can only access CSINode with the same name as the requesting node")
    return ALLOW


def _node(node: str, info: RequestInfo) -> Verdict:
    if info.subresource:
        return ALLOW if info.subresource == "status" and info.verb in ("update", "patch") else NO_OPINION
    if info.verb in ("create", "update", "patch"):
        return ALLOW
    if info.verb != "get" and info.verb not in _LISTS:
        return NO_OPINION
    if info.name == node:
        return ALLOW
    if not info.name:
        return _no(f"node '{node}' cannot read all nodes, only its own Node object")
    return _no(f"node '{node}' cannot read '{info.name}', only its own Node object")


def _selects(info: RequestInfo, field: str, value: str) -> bool:
    """Whether only objects are asked for whose field has this value."""
    try:
        return field_selector.parse(info.field_selector).required_value(field) == value
    except ApiError:
        return False
