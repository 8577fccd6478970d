"""Policies that ask the authorizer what a user may do."""

import asyncio
from collections.abc import Awaitable

import pytest
from tests.admission.policy.serving import config_map, config_maps, serving, validate

from steersman.admission.policy.authorizing import RememberingAuthorizer
from steersman.admission.policy.validations import Validations
from steersman.apimachinery.cel import AuthorizerValue, CheckAttributes, Decision
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission.expressions import RequestAuthorizer
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Decision as Opinion
from steersman.apiserver.authorization import Verdict
from steersman.apiserver.request_info import RequestInfo


async def test_users_and_accounts_are_asked_about() -> None:
    allowed = "authorizer.group('').resource('secrets').namespace('default').check('get').allowed()"
    as_account = "!authorizer.serviceAccount('default', 'robot').path('/metrics').check('get').allowed()"
    async with serving() as client:
        await validate(client, allowed, as_account)
        await config_maps(client).create(config_map())


async def test_who_may_not_is_refused() -> None:
    check = "authorizer.serviceAccount('default', 'robot').group('').resource('pods').check('get')"
    async with serving() as client:
        await validate(client, f"{check}.allowed() || {check}.errored()")

        with pytest.raises(ApiError, match="failed expression"):
            await config_maps(client).create(config_map())


class SlowAuthorizer:
    """Answers after a turn of the loop; ``asked`` has every question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def authorize(self, user: UserInfo, info: RequestInfo) -> Awaitable[Verdict]:
        self.asked.append((user.name, info.verb))
        return self._answer(user)

    async def _answer(self, user: UserInfo) -> Verdict:
        await asyncio.sleep(0)
        return Verdict(Opinion.ALLOW if user.name == "admin" else Opinion.DENY, "because")


async def test_an_answer_that_takes_its_time_is_awaited_and_remembered() -> None:
    slow = SlowAuthorizer()
    remembering = RememberingAuthorizer(slow)
    authorizer = RequestAuthorizer(remembering, UserInfo("admin"))

    def evaluate() -> list[Decision]:
        verbs = ("get", "list", "get")
        own = [authorizer.check(CheckAttributes(verb=verb, resource="pods")) for verb in verbs]
        return [*own, authorizer.check(CheckAttributes(verb="get", resource="pods", service_account=("default", "x")))]

    decisions = await remembering.settled(evaluate)

    assert [decision.allowed for decision in decisions] == [True, True, True, False]
    assert slow.asked == [("admin", "get"), ("admin", "list"), ("system:serviceaccount:default:x", "get")]


async def test_an_expression_goes_on_once_the_answer_is_there() -> None:
    slow = SlowAuthorizer()
    remembering = RememberingAuthorizer(slow)
    check = "authorizer.group('').resource('pods').check"
    compiled = Validations.compile(
        {
            "variables": [{"name": "may", "expression": f"{check}('get').allowed() || {check}('list').allowed()"}],
            "validations": [{"expression": "false || variables.may"}],
        }
    )
    values = {"authorizer": AuthorizerValue(RequestAuthorizer(remembering, UserInfo("someone")))}

    outcome = await remembering.settled(lambda: compiled.evaluate(values, None))

    assert [(decision.denied, decision.failed) for decision in outcome.decisions] == [(True, False)]
    assert slow.asked == [("someone", "get"), ("someone", "list")]
