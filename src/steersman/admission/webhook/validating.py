"""ValidatingAdmissionWebhook: webhooks that may refuse what is to be stored, asked all at once."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from steersman.admission.webhook.metrics import VALIDATING
from steersman.admission.webhook.parts import Requests
from steersman.admission.webhook.webhook_plugin import WebhookPlugin
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.trace import WEBHOOK
from steersman.apiserver.registry.resource import Resource

if TYPE_CHECKING:
    from steersman.admission.webhook.admission_review import Answer
    from steersman.admission.webhook.configurations import Invocations
    from steersman.admission.webhook.invocation import Invocation

FAILED_OPEN = "failed-open.validating.webhook.admission.k8s.io"


class ValidatingAdmissionWebhook(WebhookPlugin):
    name = "ValidatingAdmissionWebhook"
    configurations, phase = "validatingwebhookconfigurations", VALIDATING
    validate = WebhookPlugin.dispatch

    async def _ask_all(self, found: "Invocations", attributes: Attributes) -> None:
        requests = Requests(attributes)
        wanted = await self._matching(found, attributes, requests)
        if not wanted:
            return
        self._parts.calling.check_deadline(attributes)
        encoded: dict[Resource, Mapping[str, Any]] = {}
        ask = self._ask if attributes.trace is None else self._ask_traced
        asked = []
        for at, invocation in enumerate(wanted):
            if invocation.resource not in encoded:
                encoded[invocation.resource] = _encoded_once(requests.of(invocation.resource))
            asked.append(ask(invocation, attributes, encoded[invocation.resource], at))
        await first_refusal(asked)

    async def _matching(self, found: "Invocations", attributes: Attributes, requests: Requests) -> "list[Invocation]":
        exclusion = self._exclusion if attributes.trace is None else self._exclusion_traced
        return [one for one in found if not await exclusion(one, attributes, requests)]

    def _exclusion(self, invocation: "Invocation", attributes: Attributes, requests: Requests) -> Awaitable[str]:
        def request() -> Mapping[str, Any]:
            return requests.of(invocation.resource)

        return self._parts.matching.exclusion(invocation.webhook, attributes, request)

    async def _exclusion_traced(self, invocation: "Invocation", attributes: Attributes, requests: Requests) -> str:
        from steersman.apiserver.admission.tracing import refuse, skip

        webhook = invocation.webhook
        try:
            excluded = await self._exclusion(invocation, attributes, requests)
        except ApiError as error:
            refuse(attributes, WEBHOOK, webhook.name, error, configuration=webhook.configuration)
            raise
        if excluded:
            skip(attributes, WEBHOOK, webhook.name, excluded, configuration=webhook.configuration)
        return excluded

    def _ask(
        self, invocation: "Invocation", attributes: Attributes, request: Mapping[str, Any], at: int
    ) -> "Awaitable[Answer | None]":
        webhook = invocation.webhook
        asked = self._parts.calling.ask(webhook, attributes, request, mutating=False)
        return self._parts.calling.outcome(webhook, attributes, asked, f"{FAILED_OPEN}/round_0_index_{at}")

    async def _ask_traced(
        self, invocation: "Invocation", attributes: Attributes, request: Mapping[str, Any], at: int
    ) -> "Answer | None":
        from steersman.apiserver.admission.tracing import apart, inner_step

        webhook = invocation.webhook
        with apart(attributes) as own, inner_step(own, WEBHOOK, webhook.name, configuration=webhook.configuration):
            return await self._ask(invocation, own, request, at)


def _encoded_once(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request with its objects as JSON already: all webhooks are shown the same."""
    objects = {name: orjson.Fragment(orjson.dumps(request[name])) for name in ("object", "oldObject")}
    return {**request, **objects}


async def first_refusal(asked: Sequence[Awaitable[object]]) -> None:
    """Wait for all, or for the first that raises: raise that, and give up on the others."""
    if len(asked) == 1:
        await asked[0]
        return
    tasks = [asyncio.ensure_future(one) for one in asked]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
