"""MutatingAdmissionWebhook: webhooks that may change what is written, asked one after the other."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import orjson

from steersman.admission.webhook.metrics import ADMIT
from steersman.admission.webhook.parts import Requests
from steersman.admission.webhook.webhook_plugin import WebhookPlugin
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.trace import WEBHOOK
from steersman.apiserver.registry import metadata
from steersman.apiserver.registry.resource import Object

if TYPE_CHECKING:
    from steersman.admission.webhook.configurations import Invocations
    from steersman.admission.webhook.invocation import Invocation

ANNOTATION = "mutation.webhook.admission.k8s.io"
NOT_AGAIN = "not asked again: nothing has changed since, or its reinvocationPolicy is Never"


@dataclass(slots=True)
class Rounds:
    """Which webhooks are to be asked again, by uid: those that were asked before the object's last change.

    ``output`` is the object as they left it.
    """

    asked: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    output: Object | None = None

    def changed(self) -> None:
        self.again |= self.asked
        self.asked.clear()


class MutatingAdmissionWebhook(WebhookPlugin):
    name = "MutatingAdmissionWebhook"
    configurations, phase = "mutatingwebhookconfigurations", ADMIT
    admit = WebhookPlugin.dispatch

    async def _ask_all(self, found: "Invocations", attributes: Attributes) -> None:
        rounds: Rounds = attributes.remembered.setdefault(self.name, Rounds())
        if attributes.reinvoked and rounds.asked and not _is_same(rounds.output, attributes.object):
            rounds.changed()
        requests = Requests(attributes)
        go = self._go if attributes.trace is None else self._go_traced
        for invocation in found:
            await go(invocation, attributes, requests, rounds)
        rounds.output = msgspec.to_builtins(attributes.object) if rounds.asked else None

    async def _go_traced(
        self, invocation: "Invocation", attributes: Attributes, requests: Requests, rounds: Rounds
    ) -> None:
        from steersman.apiserver.admission.tracing import inner_step

        webhook = invocation.webhook
        with inner_step(attributes, WEBHOOK, webhook.name, configuration=webhook.configuration) as step:
            step.skipped = await self._go(invocation, attributes, requests, rounds)

    async def _go(self, invocation: "Invocation", attributes: Attributes, requests: Requests, rounds: Rounds) -> str:
        """Ask the webhook, if it is concerned; why it is not asked otherwise."""
        webhook = invocation.webhook
        if attributes.reinvoked and webhook.uid not in rounds.again:
            return NOT_AGAIN
        excluded = await self._parts.matching.exclusion(webhook, attributes, lambda: requests.of(invocation.resource))
        if excluded:
            return excluded
        key = f"{ANNOTATION}/round_{int(attributes.reinvoked)}_index_{invocation.index}"
        asked = self._mutate(invocation, attributes, requests, key)
        if await self._parts.calling.outcome(webhook, attributes, asked, f"failed-open.{key}"):
            rounds.changed()
            attributes.wants_reinvocation = True
        if webhook.reinvocable:
            rounds.asked.add(webhook.uid)
        return ""

    async def _mutate(self, invocation: "Invocation", attributes: Attributes, requests: Requests, key: str) -> bool:
        """Whether the webhook has changed the object."""
        from steersman.admission.webhook import patching

        webhook, mutated = invocation.webhook, False
        try:
            request = requests.of(invocation.resource)
            answer = await self._parts.calling.ask(webhook, attributes, request, mutating=True)
            mutated = patching.apply(answer, invocation, attributes)
        finally:
            told = {"configuration": webhook.configuration, "webhook": webhook.name, "mutated": mutated}
            attributes.add_annotation(key, orjson.dumps(told).decode())
        return mutated


def _is_same(before: Object | None, now: Object | None) -> bool:
    return before is now or (before is not None and now is not None and metadata.is_same(now, before))
