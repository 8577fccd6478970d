"""Authorizers of one opinion."""

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import ALLOW, NO_OPINION, Rules, Verdict
from steersman.apiserver.authorization.policy_rule import ALL, PolicyRule
from steersman.apiserver.request_info import RequestInfo

EVERYTHING = (PolicyRule((ALL,), (ALL,), (ALL,)), PolicyRule((ALL,), non_resource_urls=(ALL,)))
"""The rules of who may do all."""


class AlwaysAllow:
    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        return ALLOW

    def rules_for(self, user: UserInfo, namespace: str) -> Rules:
        return Rules(EVERYTHING)


class AlwaysDeny:
    """Has no opinion but a reason, as in kube-apiserver: an authorizer after it may still allow."""

    _verdict = Verdict(NO_OPINION.decision, "Everything is forbidden.")

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        return self._verdict

    def rules_for(self, user: UserInfo, namespace: str) -> Rules:
        return Rules()


class PrivilegedGroups:
    """Members of these groups may do everything (``system:masters``)."""

    def __init__(self, *groups: str) -> None:
        self._groups = frozenset(groups)

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        return NO_OPINION if self._groups.isdisjoint(user.groups) else ALLOW
