"""What expressions ask of the authorizer, each question once in a request.

Expressions do not wait; an authorizer may. So its answer is awaited between two evaluations: the first one ends where
the answer is missing, the second one finds it.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Verdict
from steersman.apiserver.request_info import RequestInfo

T = TypeVar("T")

_Question = tuple[UserInfo, RequestInfo]


class Undecided(Exception):
    """The answer to a question is still to come; not an error that an expression could get over."""

    def __init__(self, question: _Question, answer: Awaitable[Verdict]) -> None:
        super().__init__(question)
        self.question, self.answer = question, answer


class RememberingAuthorizer:
    """An authorizer for one request, that asks another one. Raises Undecided rather than wait."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._verdicts: dict[_Question, Verdict] = {}

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict:
        question = (user, info)
        verdict = self._verdicts.get(question)
        if verdict is None:
            answer = self._authorizer.authorize(user, info)
            if not isinstance(answer, Verdict):
                raise Undecided(question, answer)
            verdict = self._verdicts[question] = answer
        return verdict

    async def settled(self, evaluate: Callable[[], T]) -> T:
        """What ``evaluate`` gives, once every answer that it needs is there; it must have no effect."""
        while True:
            try:
                return evaluate()
            except Undecided as undecided:
                self._verdicts[undecided.question] = await undecided.answer
