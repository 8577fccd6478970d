"""Several authorizers as one: asked in order, the first opinion counts."""

from collections.abc import Awaitable, Sequence

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import (
    NO_OPINION,
    Authorizer,
    Decision,
    RuleResolver,
    Rules,
    Verdict,
    aggregate,
)
from steersman.apiserver.request_info import RequestInfo


class AuthorizerChain:
    """No opinion from any is a refusal; then the reasons and errors of all are told."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict | Awaitable[Verdict]:
        undecided: list[Verdict] = []
        for at, authorizer in enumerate(self._authorizers):
            verdict = authorizer.authorize(user, info)
            if not isinstance(verdict, Verdict):
                return self._resume(verdict, at + 1, undecided, user, info)
            if verdict.decision is not Decision.NO_OPINION:
                return verdict
            undecided.append(verdict)
        return _no_opinion(undecided)

    async def _resume(
        self, pending: Awaitable[Verdict], at: int, undecided: list[Verdict], user: UserInfo, info: RequestInfo
    ) -> Verdict:
        verdict = await pending
        if verdict.decision is not Decision.NO_OPINION:
            return verdict
        rest = AuthorizerChain(self._authorizers[at:]).authorize(user, info)
        found = rest if isinstance(rest, Verdict) else await rest
        if found.decision is not Decision.NO_OPINION:
            return found
        return _no_opinion([*undecided, verdict, found])

    def rules_for(self, user: UserInfo, namespace: str) -> Rules:
        """What all of them list together."""
        found = [one.rules_for(user, namespace) for one in self._authorizers if isinstance(one, RuleResolver)]
        return Rules(
            tuple(rule for one in found for rule in one.rules),
            any(one.incomplete for one in found),
            tuple(error for one in found for error in one.errors),
        )


def _no_opinion(verdicts: Sequence[Verdict]) -> Verdict:
    reasons = [one.reason for one in verdicts if one.reason]
    errors = tuple(one.error for one in verdicts if one.error)
    if not reasons and not errors:
        return NO_OPINION
    return Verdict(Decision.NO_OPINION, "\n".join(reasons), aggregate(errors))
