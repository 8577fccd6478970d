"""Authorization: may this user do this? Authorizers are asked in order, the first opinion counts."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.request_info import RequestInfo


class Decision(Enum):
    ALLOW = "allow"
    DENY = "deny"
    NO_OPINION = "no opinion"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` is shown to the user and in access reviews."""

    decision: Decision
    reason: str = ""


class Authorizer(Protocol):
    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict | Awaitable[Verdict]: ...


NO_OPINION = Verdict(Decision.NO_OPINION)


class PrivilegedGroups:
    """Members of these groups may do everything (``system:masters``)."""

    def __init__(self, *groups: str) -> None:
        self._groups = frozenset(groups)
        self._allow = Verdict(Decision.ALLOW)

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        return NO_OPINION if self._groups.isdisjoint(user.groups) else self._allow


class DiscoveryForAuthenticated:
    """Any authenticated user reads discovery, version and health (upstream's role ``system:discovery``)."""

    PATHS = ("/api", "/apis", "/openapi", "/version", "/healthz", "/livez", "/readyz")

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        if not info.is_resource and info.verb == "get" and "system:authenticated" in user.groups:
            root = "/" + info.path.strip("/").split("/", 1)[0]
            if root in self.PATHS:
                return Verdict(Decision.ALLOW)
        return NO_OPINION


class SelfReviewsForAuthenticated:
    """Any authenticated user may ask who they are and what they may do (upstream's role ``system:basic-user``)."""

    RESOURCES = frozenset(
        (
            ("authentication.k8s.io", "selfsubjectreviews"),
            ("authorization.k8s.io", "selfsubjectaccessreviews"),
            ("authorization.k8s.io", "selfsubjectrulesreviews"),
        )
    )

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        asks = info.verb == "create" and (info.group, info.resource) in self.RESOURCES and not info.subresource
        return Verdict(Decision.ALLOW) if asks and "system:authenticated" in user.groups else NO_OPINION


class AuthorizerChain:
    """Asks each authorizer in turn; no opinion from any of them is a refusal."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict | Awaitable[Verdict]:
        for at, authorizer in enumerate(self._authorizers):
            verdict = authorizer.authorize(user, info)
            if not isinstance(verdict, Verdict):
                return self._resume(verdict, at + 1, user, info)
            if verdict.decision is not Decision.NO_OPINION:
                return verdict
        return NO_OPINION

    async def _resume(self, pending: Awaitable[Verdict], at: int, user: UserInfo, info: RequestInfo) -> Verdict:
        verdict = await pending
        if verdict.decision is not Decision.NO_OPINION:
            return verdict
        rest = AuthorizerChain(self._authorizers[at:]).authorize(user, info)
        return rest if isinstance(rest, Verdict) else await rest


def denial(user: UserInfo, info: RequestInfo, reason: str) -> str:
    """Why the request is refused, in kube-apiserver's words (what follows "is forbidden: ")."""
    if not info.is_resource:
        text = f'User "{user.name}" cannot {info.verb} path "{info.path}"'
    else:
        resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        text = f'User "{user.name}" cannot {info.verb} resource "{resource}" in API group "{info.group}"'
        text += f' in the namespace "{info.namespace}"' if info.namespace else " at the cluster scope"
    return f"{text}: {reason}" if reason else text
