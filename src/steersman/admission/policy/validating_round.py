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
    findings = _Findings()
    remembering = RememberingAuthorizer(authorizer)
    seen: dict[Any, dict[str, Any]] = {}
    for one in found:
        if isinstance(one, Misconfigured):
            findings.refusals.append((_refusal(one.policy, one.binding, one.message), ""))
            continue
        values = seen.get(one.target)
        if values is None:
            values = seen[one.target] = request_variables(
                attributes, one.target, namespace_of(source, attributes), remembering
            )
        outcome = await remembering.settled(partial(one.compiled.evaluate, values, one.params))
        _take(counted, one, outcome, attributes, findings)
    _publish(findings, attributes)


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
