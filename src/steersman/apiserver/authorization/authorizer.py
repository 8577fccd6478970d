"""What an authorizer is: one way to tell whether a user may do something, and which rules that comes from."""

from collections.abc import Awaitable
from enum import Enum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from steersman.apimachinery.errors import forbidden, internal_error
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.policy_rule import PolicyRule
from steersman.apiserver.request_info import RequestInfo


class Decision(Enum):
    ALLOW = "allow"
    DENY = "deny"
    NO_OPINION = "no opinion"


class Verdict(Struct, frozen=True):
    """``reason`` is shown to the user and in access reviews; ``error`` is what kept the authorizer from knowing."""

    decision: Decision
    reason: str = ""
    error: str = ""


class Authorizer(Protocol):
    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict | Awaitable[Verdict]: ...


class Rules(Struct, frozen=True):
    """What a user may do in a namespace, as far as it can be listed; ``errors`` are what kept some from being found."""

    rules: tuple[PolicyRule, ...] = ()
    incomplete: bool = False
    errors: tuple[str, ...] = ()


@runtime_checkable
class RuleResolver(Protocol):
    """An authorizer that can list what a user may do."""

    def rules_for(self, user: UserInfo, namespace: str) -> Rules: ...


DECISION_ANNOTATION = "authorization.k8s.io/decision"
REASON_ANNOTATION = "authorization.k8s.io/reason"

NO_OPINION = Verdict(Decision.NO_OPINION)
ALLOW = Verdict(Decision.ALLOW)


def demand(verdict: Verdict, user: UserInfo, info: RequestInfo) -> None:
    """Raise ApiError unless it is allowed: 403, or 500 where the authorizer could not tell."""
    if verdict.decision is Decision.ALLOW:
        return
    if verdict.error:
        raise internal_error(verdict.error)
    resource = GroupResource(info.group, info.resource) if info.is_resource else None
    raise forbidden(resource, info.name, denial(user, info, verdict.reason))


def annotate(annotations: dict[str, str], verdict: Verdict) -> None:
    """Say among the annotations of an audit event how a request was decided, and why."""
    if verdict.decision is Decision.ALLOW:
        annotations[DECISION_ANNOTATION] = "allow"
    elif verdict.error:
        annotations[REASON_ANNOTATION] = "internal error"
        return
    else:
        annotations[DECISION_ANNOTATION] = "forbid"
    annotations[REASON_ANNOTATION] = verdict.reason


def aggregate(errors: tuple[str, ...]) -> str:
    """Several errors in one line, each once, as Go's aggregates are printed."""
    once = tuple(dict.fromkeys(errors))
    return once[0] if len(once) == 1 else f"[{', '.join(once)}]" if once else ""


def denial(user: UserInfo, info: RequestInfo, reason: str) -> str:
    """Why the request is refused, in kube-apiserver's words (what follows "is forbidden: ")."""
    if not info.is_resource:
        text = f'User "{user.name}" cannot {info.verb} path "{info.path}"'
    else:
        resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        text = f'User "{user.name}" cannot {info.verb} resource "{resource}" in API group "{info.group}"'
        text += f' in the namespace "{info.namespace}"' if info.namespace else " at the cluster scope"
    return f"{text}: {reason}" if reason else text
