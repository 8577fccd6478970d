"""What the validating policies in force make of a request: refusals, warnings, and notes for the audit log."""

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from steersman.admission.policy import metrics
from steersman.admission.policy.activation import request_variables
from steersman.admission.policy.authorizing import RememberingAuthorizer
from steersman.admission.policy.binding import AUDIT, DENY, WARN, Binding
from steersman.admission.policy.dispatch import Invocation, Misconfigured, invocations, namespace_of
from steersman.admission.policy.metrics import PolicyMetrics
from steersman.admission.policy.policy import Policy
from steersman.admission.policy.policy_source import Hook, PolicySource
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.trace import POLICY, Step
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.registry.resource import Resource

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


async def validate(
    source: "PolicySource[Validations]",
    hooks: "tuple[Hook[Validations], ...]",
    attributes: Attributes,
    authorizer: Authorizer,
    counted: PolicyMetrics,
) -> None:
    """Evaluate ``hooks`` and do what their bindings say. Raises ApiError for the first refusal."""
    found = await invocations(source, attributes, hooks)
    if not found:
        return
    round = _Round(source, attributes, authorizer, counted)
    go = round.go if attributes.trace is None else round.go_traced
    for one in found:
        await go(one)
    _publish(round.findings, attributes)


class _Round:
    """The policies of one request, evaluated one after the other."""

    def __init__(
        self,
        source: "PolicySource[Validations]",
        attributes: Attributes,
        authorizer: Authorizer,
        counted: PolicyMetrics,
    ) -> None:
        self.findings = _Findings()
        self._source, self._attributes, self._metrics = source, attributes, counted
        self._authorizer = RememberingAuthorizer(authorizer)
        self._seen: dict[Resource, dict[str, Any]] = {}

    async def go(self, one: "Invocation[Validations] | Misconfigured") -> "Outcome | None":
        """Evaluate a policy and do what its binding says; None for one that cannot be evaluated."""
        if isinstance(one, Misconfigured):
            self.findings.refusals.append((_refusal(one.policy, one.binding, one.message), ""))
            return None
        values = self._seen.get(one.target)
        if values is None:
            namespace = namespace_of(self._source, self._attributes)
            values = request_variables(self._attributes, one.target, namespace, self._authorizer)
            self._seen[one.target] = values
        outcome = await self._authorizer.settled(partial(one.compiled.evaluate, values, one.params))
        _take(self._metrics, one, outcome, self._attributes, self.findings)
        return outcome

    async def go_traced(self, one: "Invocation[Validations] | Misconfigured") -> None:
        from steersman.apiserver.admission.tracing import inner_step

        refusals = self.findings.refusals
        known = len(refusals)
        with inner_step(self._attributes, POLICY, one.policy.name, **one.details()) as step:
            outcome = await self.go(one)
            if outcome is not None:
                _tell(step, one.policy, one.binding, outcome)
        if len(refusals) > known:
            step.refusal = _error(self._attributes, *refusals[known])


def _tell(step: Step, policy: Policy, binding: Binding | None, outcome: "Outcome") -> None:
    """Note what came of a policy."""
    step.details["validationActions"] = list(binding.actions) if binding is not None else []
    if not outcome.matched:
        step.skipped = "its matchConditions are not met"
    failures = [
        {"expressionIndex": index, "message": decision.message, "reason": decision.reason}
        for index, decision in enumerate(outcome.decisions)
        if decision.denied
    ]
    if failures:
        step.details["failures"] = failures
    step.failed_open = "; ".join(one.message for one in outcome.decisions if one.failed and not one.denied)
    step.annotations |= {f"{policy.name}/{key}": value for key, value in outcome.annotations}


def _take(
    counted: PolicyMetrics,
    one: "Invocation[Validations]",
    outcome: "Outcome",
    attributes: Attributes,
    findings: _Findings,
) -> None:
    """Do what the binding says with the outcome of a policy."""
    policy, binding = one.policy, one.binding
    for index, decision in enumerate(outcome.decisions):
        if decision.denied:
            for action in binding.actions:
                _count(counted, one, decision, _ACTIONS[action])
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
            _count(counted, one, decision, metrics.ALLOW)
    for decision in outcome.annotation_failures:
        _count(counted, one, decision, metrics.DENY)
        findings.refusals.append((_refusal(policy, binding, decision.message), decision.reason))
    for key, value in outcome.annotations:
        shortened = value.encode()[:MAX_ANNOTATION_BYTES].decode(errors="ignore")
        findings.annotations.setdefault(f"{policy.name}/{key}", {})[shortened] = None


def _count(counted: PolicyMetrics, one: "Invocation[Validations]", decision: "Decision", action: str) -> None:
    kind = metrics.error_type(decision.message)
    counted.checked(one.policy.name, one.binding.name, kind, decision.seconds, action)


_ACTIONS = {DENY: metrics.DENY, WARN: metrics.WARN, AUDIT: metrics.AUDIT}


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
