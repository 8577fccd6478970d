"""The RBAC authorizer: allows what the rules of a user's roles allow, and has no opinion on anything else."""

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import NO_OPINION, Rules, Verdict, aggregate
from steersman.apiserver.authorization.rbac.role_index import RoleIndex
from steersman.apiserver.request_info import RequestInfo


class RBACAuthorizer:
    def __init__(self, index: RoleIndex) -> None:
        self._index = index

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        if info.is_resource:
            _, _, _, group, _, namespace, resource, subresource, name, *_ = info
            binding = self._index.resource_grant(user, namespace, info.verb, group, resource, subresource, name)
        else:
            namespace = ""
            binding = self._index.path_grant(user, info.verb, info.path)
        if binding is not None:
            return binding.verdict(user)
        errors = self._index.errors(user, namespace)
        return Verdict(NO_OPINION.decision, f"RBAC: {aggregate(errors)}") if errors else NO_OPINION

    def rules_for(self, user: UserInfo, namespace: str) -> Rules:
        """The rules of all the user's roles there."""
        bindings = self._index.bindings(user, namespace)
        rules = tuple(rule for binding in bindings for rule in self._index.role(binding.role) or ())
        errors = self._index.errors(user, namespace)
        return Rules(rules, errors=(aggregate(errors),) if errors else ())
