"""Authorization: may this user do this? Authorizers are asked in order, the first opinion counts."""

from steersman.apiserver.authorization.always import AlwaysAllow, AlwaysDeny, PrivilegedGroups
from steersman.apiserver.authorization.authorizer import (
    NO_OPINION,
    Authorizer,
    Decision,
    RuleResolver,
    Rules,
    Verdict,
    annotate,
    demand,
    denial,
)
from steersman.apiserver.authorization.chain import AuthorizerChain
from steersman.apiserver.authorization.policy_rule import PolicyRule

__all__ = [
    "NO_OPINION",
    "AlwaysAllow",
    "AlwaysDeny",
    "Authorizer",
    "AuthorizerChain",
    "Decision",
    "PolicyRule",
    "PrivilegedGroups",
    "RuleResolver",
    "Rules",
    "Verdict",
    "annotate",
    "demand",
    "denial",
]
