"""ValidatingAdmissionPolicy: refuses, or warns of, what expressions that users store say is wrong (KEP-3488)."""

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.policy.metrics import PolicyMetrics
from steersman.admission.policy.policy_source import Hook, PolicySource
from steersman.apiserver.admission import OPERATIONS, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer

if TYPE_CHECKING:
    from steersman.admission.policy.validations import Validations


class ValidatingAdmissionPolicy:
    name = "ValidatingAdmissionPolicy"
    resources = None

    def __init__(self, source: "PolicySource[Validations]", authorizer: Authorizer, counted: PolicyMetrics):
        self._source, self._authorizer, self._metrics = source, authorizer, counted
        self.operations = frozenset(OPERATIONS) if source.served else frozenset()

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        source = PolicySource(context.objects, context.served, "validating", _compile)
        counted = PolicyMetrics(context.metrics, "validating", ("enforcement_action",))
        return cls(source, context.authorizer, counted)

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        hooks = self._source.at_hand(attributes.operation, attributes.resource, attributes.subresource)
        if hooks is None:
            return self._find_and_validate(attributes)
        return self._validate(attributes, hooks) if hooks else None

    async def close(self) -> None:
        self._source.close()

    async def _find_and_validate(self, attributes: Attributes) -> None:
        hooks = await self._source.find(attributes.operation, attributes.resource, attributes.subresource)
        if hooks:
            await self._validate(attributes, hooks)

    async def _validate(self, attributes: Attributes, hooks: "tuple[Hook[Validations], ...]") -> None:
        # Imported for those who have policies: a server without any starts sooner.
        from steersman.admission.policy.validating_round import validate

        await validate(self._source, hooks, attributes, self._authorizer, self._metrics)


def _compile(spec: Mapping[str, Any]) -> "Validations":
    from steersman.admission.policy.validations import Validations

    return Validations.compile(spec)
