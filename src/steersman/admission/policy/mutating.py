"""MutatingAdmissionPolicy: changes what is written as expressions that users store say (KEP-3962)."""

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.policy.metrics import PolicyMetrics
from steersman.admission.policy.policy_source import Hook, PolicySource
from steersman.apiserver.admission import CONNECT, CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer

if TYPE_CHECKING:
    from steersman.admission.policy.patchers import Mutations


class MutatingAdmissionPolicy:
    name = "MutatingAdmissionPolicy"
    resources = None

    def __init__(self, source: "PolicySource[Mutations]", authorizer: Authorizer, counted: PolicyMetrics):
        self._source, self._authorizer, self._metrics = source, authorizer, counted
        self.operations = frozenset((CREATE, UPDATE, CONNECT)) if source.served else frozenset()

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        source = PolicySource(context.objects, context.served, "mutating", _compile)
        return cls(source, context.authorizer, PolicyMetrics(context.metrics, "mutating"))

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        hooks = self._source.at_hand(attributes.operation, attributes.resource, attributes.subresource)
        if hooks is None:
            return self._find_and_admit(attributes)
        return self._admit(attributes, hooks) if hooks else None

    async def close(self) -> None:
        self._source.close()

    async def _find_and_admit(self, attributes: Attributes) -> None:
        hooks = await self._source.find(attributes.operation, attributes.resource, attributes.subresource)
        if hooks:
            await self._admit(attributes, hooks)

    async def _admit(self, attributes: Attributes, hooks: "tuple[Hook[Mutations], ...]") -> None:
        # Imported for those who have policies: a server without any starts sooner.
        from steersman.admission.policy.mutating_round import mutate

        await mutate(self._source, hooks, attributes, self._authorizer, self._metrics)


def _compile(spec: Mapping[str, Any]) -> "Mutations":
    from steersman.admission.policy.patchers import Mutations

    return Mutations.compile(spec)
