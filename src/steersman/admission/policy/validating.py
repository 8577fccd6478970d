"""ValidatingAdmissionPolicy: refuses, or warns of, what expressions that users store say is wrong (KEP-3488)."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import orjson

from steersman.admission.configuration import refuse_configuration
from steersman.admission.policy import metrics
from steersman.admission.policy.authorizing import RememberingAuthorizer
from steersman.admission.policy.binding import AUDIT, DENY, WARN, Binding
from steersman.admission.policy.dispatch import Invocation, Misconfigured, invocations, namespace_of
from steersman.admission.policy.policy import Policy
from steersman.admission.policy.policy_source import Hook, PolicySource
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apiserver.admission import OPERATIONS, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer

if TYPE_CHECKING:
    from steersman.admission.policy.validations import Decision, Outcome, Validations

FAILURES_ANNOTATION = "validation.policy.admission.k8s.io/validation_failure"
MAX_FAILURES = 50
"""How many failed validations the audit annotation tells of."""
MAX_ANNOTATION_BYTES = 10 * 1024

_CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413}
_INVALID = "Invalid"


@dataclass(slots=True)
class _Findings:
    """What all policies together say of a request."""

    refusals: list[tuple[str, str]] = field(default_factory=list)
    """Message and reason."""
    failures: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, dict[str, None]] = field(default_factory=dict)
    """Key to values, in the order in which they came."""


class ValidatingAdmissionPolicy:
    name = "ValidatingAdmissionPolicy"
    resources = None

    def __init__(self, source: "PolicySource[Validations]", authorizer: Authorizer, counted: metrics.PolicyMetrics):
        self._source, self._authorizer, self._metrics = source, authorizer, counted
        self.operations = frozenset(OPERATIONS) if source.served else frozenset()

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        source = PolicySource(context.objects, context.served, "validating", _compile)
        counted = metrics.PolicyMetrics(context.metrics, "validating", ("enforcement_action",))
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
        found = await invocations(self._source, attributes, hooks)
        if not found:
            return
        findings = _Findings()
        authorizer = RememberingAuthorizer(self._authorizer)
        seen: dict[Any, dict[str, Any]] = {}
        for one in found:
            if isinstance(one, Misconfigured):
                findings.refusals.append((_refusal(one.policy, one.binding, one.message), ""))
                continue
            values = seen.get(one.target)
            if values is None:
                values = seen[one.target] = self._variables(attributes, one, authorizer)
            outcome = await authorizer.settled(partial(one.compiled.evaluate, values, one.params))
            self._take(one, outcome, attributes, findings)
        _publish(findings, attributes)

    def _variables(
        self, attributes: Attributes, one: "Invocation[Validations]", authorizer: RememberingAuthorizer
    ) -> dict[str, Any]:
        from steersman.admission.policy.activation import request_variables

        return request_variables(attributes, one.target, namespace_of(self._source, attributes), authorizer)

    def _take(
        self, one: "Invocation[Validations]", outcome: "Outcome", attributes: Attributes, findings: _Findings
    ) -> None:
        """Do what the binding says with the outcome of a policy."""
        policy, binding = one.policy, one.binding
        for index, decision in enumerate(outcome.decisions):
            if decision.denied:
                for action in binding.actions:
                    self._count(one, decision, _ACTIONS[action])
                    if action == DENY:
                        findings.refusals.append((_refusal(policy, binding, decision.message), decision.reason))
                    elif action == WARN:
                        attributes.warnings.append(
                            f"Validation failed for ValidatingAdmissionPolicy '{policy.name}'"
                            f" with binding '{binding.name}': {decision.message}"
                        )
                    elif action == AUDIT:
                        findings.failures.append(_failure(policy, binding, index, decision))
            elif decision.failed:
                self._count(one, decision, metrics.ALLOW)
        for decision in outcome.annotation_failures:
            self._count(one, decision, metrics.DENY)
            findings.refusals.append((_refusal(policy, binding, decision.message), decision.reason))
        for key, value in outcome.annotations:
            shortened = value.encode()[:MAX_ANNOTATION_BYTES].decode(errors="ignore")
            findings.annotations.setdefault(f"{policy.name}/{key}", {})[shortened] = None

    def _count(self, one: "Invocation[Validations]", decision: "Decision", action: str) -> None:
        kind = metrics.error_type(decision.message)
        self._metrics.checked(one.policy.name, one.binding.name, kind, decision.seconds, action)


_ACTIONS = {DENY: metrics.DENY, WARN: metrics.WARN, AUDIT: metrics.AUDIT}


def _compile(spec: Mapping[str, Any]) -> "Validations":
    from steersman.admission.policy.validations import Validations

    return Validations.compile(spec)


def _refusal(policy: Policy, binding: Binding | None, message: str) -> str:
    by = f" with binding '{binding.name}'" if binding is not None else ""
    return f"ValidatingAdmissionPolicy '{policy.name}'{by} denied request: {message}"


def _failure(policy: Policy, binding: Binding, index: int, decision: "Decision") -> dict[str, Any]:
    return {
        "message": decision.message,
        "policy": policy.name,
        "binding": binding.name,
        "expressionIndex": index,
        "validationActions": list(binding.actions),
    }


def _publish(findings: _Findings, attributes: Attributes) -> None:
    """Tell the audit log, and refuse if there is a reason to. Raises ApiError: the first refusal is the answer."""
    for key, values in findings.annotations.items():
        attributes.add_annotation(key, ", ".join(values))
    if findings.failures:
        attributes.add_annotation(FAILURES_ANNOTATION, orjson.dumps(findings.failures[:MAX_FAILURES]).decode())
    if findings.refusals:
        raise _error(attributes, *findings.refusals[0])


def _error(attributes: Attributes, message: str, reason: str) -> ApiError:
    error = forbidden(attributes.group_resource, attributes.name or "Unknown", message)
    error.reason = reason or _INVALID
    error.code = _CODES.get(error.reason, 422)
    error.details = {**(error.details or {}), "causes": [{"message": message}]}
    return error
