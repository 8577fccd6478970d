"""Asking the authorizer whether the user of a request may also do something else."""

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Decision, Verdict
from steersman.apiserver.request_info import RequestInfo


async def verdict_on(
    authorizer: Authorizer,
    user: UserInfo,
    verb: str,
    *,
    group: str,
    version: str,
    resource: str,
    subresource: str = "",
    namespace: str = "",
    name: str = "",
) -> Verdict:
    """What the authorizer says of ``user`` doing ``verb`` to a resource."""
    info = RequestInfo(verb, "", True, group, version, namespace, resource, subresource, name)
    verdict = authorizer.authorize(user, info)
    return verdict if isinstance(verdict, Verdict) else await verdict


def allows(verdict: Verdict) -> bool:
    return verdict.decision is Decision.ALLOW
