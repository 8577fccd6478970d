"""Authorizers are asked in order; the first opinion counts, and no opinion is a refusal."""

from collections.abc import Awaitable

import pytest

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import (
    AlwaysAllow,
    AlwaysDeny,
    Authorizer,
    AuthorizerChain,
    Decision,
    PrivilegedGroups,
    Verdict,
)
from steersman.apiserver.request_info import RequestInfo

LIST_PODS = RequestInfo("list", "/api/v1/pods", True, "", "v1", "", "pods")
JANE = UserInfo("jane", groups=("system:authenticated",))


class Says:
    """An authorizer of one opinion, that it may have to think about."""

    def __init__(self, decision: Decision, reason: str = "", *, later: bool = False) -> None:
        self._verdict, self._later = Verdict(decision, reason), later

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict | Awaitable[Verdict]:
        return self._think() if self._later else self._verdict

    async def _think(self) -> Verdict:
        return self._verdict


ALLOW, DENY, NONE = Decision.ALLOW, Decision.DENY, Decision.NO_OPINION


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(
    ("decisions", "outcome"),
    [([], NONE), ([NONE], NONE), ([NONE, ALLOW], ALLOW), ([DENY, ALLOW], DENY), ([ALLOW, DENY], ALLOW)],
)
async def test_the_first_opinion_counts(decisions: list[Decision], outcome: Decision, later: bool) -> None:
    verdict = AuthorizerChain([Says(one, later=later) for one in decisions]).authorize(JANE, LIST_PODS)

    assert (verdict if isinstance(verdict, Verdict) else await verdict).decision is outcome


@pytest.mark.parametrize(
    ("authorizer", "groups", "info", "outcome"),
    [
        (PrivilegedGroups("system:masters"), ("system:masters",), LIST_PODS, ALLOW),
        (PrivilegedGroups("system:masters"), ("others",), LIST_PODS, NONE),
        (AlwaysAllow(), (), RequestInfo("get", "/"), ALLOW),
        (AlwaysDeny(), ("system:masters",), LIST_PODS, NONE),
    ],
)
def test_what_everyone_may(
    authorizer: Authorizer, groups: tuple[str, ...], info: RequestInfo, outcome: Decision
) -> None:
    verdict = authorizer.authorize(UserInfo("x", groups=groups), info)

    assert isinstance(verdict, Verdict)
    assert verdict.decision is outcome
