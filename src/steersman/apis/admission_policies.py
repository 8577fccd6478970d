"""Admission policies and their bindings: what is wrong with one that is written.

Specified in admissionregistration.k8s.io/v1; v1beta1 and v1alpha1 have the same shape. Expressions are compiled, with
the types that are known without knowing which objects they will see.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.errors import (
    FieldError,
    field_duplicate,
    field_invalid,
    field_not_supported,
    field_required,
)
from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.names import check_dns1123_subdomain
from steersman.apis.expression_checks import ExpressionChecks
from steersman.apis.match_resources import (
    choice_problems,
    match_problems,
    mutating_operation_problems,
    param_kind_problems,
    param_ref_problems,
)
from steersman.apiserver.registry.resource import Object, Strategy

GROUP = "admissionregistration.k8s.io"
FAILURE_POLICIES = ("Fail", "Ignore")
REINVOCATION_POLICIES = ("IfNeeded", "Never")
VALIDATION_ACTIONS = ("Audit", "Deny", "Warn")
REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
MAX_AUDIT_ANNOTATIONS = 20

_PATCH_TYPES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}

Problems = Callable[[Object, bool], Iterator[FieldError]]
"""From an object, and whether its match conditions are to be looked at, to what is wrong with it."""


class AdmissionPolicyStrategy(Strategy):
    """One of the four kinds. What was written once may stay: an update that leaves the spec as it is always passes."""

    tracks_generation = True

    def __init__(self, kind: GroupKind, has_status: bool) -> None:
        self.has_status = has_status
        self._problems = KINDS[kind]

    def validate(self, obj: Object) -> list[FieldError]:
        return list(self._problems(obj, True))

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        new, before = obj.get("spec") or {}, old.get("spec") or {}
        if new == before:
            return list(_status_problems(obj.get("status") or {}))
        conditions = any(new.get(field) != before.get(field) for field in ("paramKind", "matchConditions"))
        return list(self._problems(obj, conditions))


def _validating_policy(obj: Object, conditions: bool) -> Iterator[FieldError]:
    spec = obj.get("spec") or {}
    yield from _constraint_problems(spec)
    checks = ExpressionChecks(spec, composition=bool(spec.get("variables")))
    if conditions:
        yield from checks.conditions(spec.get("matchConditions") or (), "spec.matchConditions")
    yield from checks.variables(spec.get("variables") or (), "spec.variables")
    validations, annotations = spec.get("validations") or (), spec.get("auditAnnotations") or ()
    if not validations and not annotations:
        for field in ("validations", "auditAnnotations"):
            yield field_required(f"spec.{field}", "validations or auditAnnotations must contain at least one item")
    for index, validation in enumerate(validations):
        yield from _validation_problems(validation, f"spec.validations[{index}]", checks)
    yield from _annotation_problems(annotations, obj["metadata"].get("name") or "", checks)


def _mutating_policy(obj: Object, conditions: bool) -> Iterator[FieldError]:
    spec = obj.get("spec") or {}
    yield from _constraint_problems(spec)
    yield from mutating_operation_problems(spec.get("matchConstraints") or {}, "spec.matchConstraints")
    checks = ExpressionChecks(spec, composition=True)
    if conditions:
        yield from checks.conditions(spec.get("matchConditions") or (), "spec.matchConditions")
    yield from checks.variables(spec.get("variables") or (), "spec.variables")
    mutations = spec.get("mutations") or ()
    if not mutations:
        yield field_required("spec.mutations", "mutations must contain at least one item")
    for index, mutation in enumerate(mutations):
        yield from _mutation_problems(mutation, f"spec.mutations[{index}]", checks)
    yield from choice_problems(spec.get("reinvocationPolicy"), "spec.reinvocationPolicy", REINVOCATION_POLICIES)


def _constraint_problems(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    """What both kinds of policy say before their expressions."""
    yield from choice_problems(spec.get("failurePolicy"), "spec.failurePolicy", FAILURE_POLICIES)
    if (kind := spec.get("paramKind")) is not None:
        yield from param_kind_problems(kind, "spec.paramKind")
    constraints = spec.get("matchConstraints")
    if constraints is None:
        yield field_required("spec.matchConstraints")
        return
    yield from match_problems(constraints, "spec.matchConstraints")
    if not constraints.get("resourceRules"):
        yield field_required("spec.matchConstraints.resourceRules")


def _validation_problems(validation: Object, path: str, checks: ExpressionChecks) -> Iterator[FieldError]:
    yield from checks.condition(validation.get("expression") or "", f"{path}.expression")
    shown = validation.get("messageExpression") or ""
    if shown.strip():
        yield from checks.message(shown, f"{path}.messageExpression")
    elif shown:
        yield field_invalid(f"{path}.messageExpression", shown, "must be non-empty if specified")
    message = validation.get("message") or ""
    if message and not message.strip():
        yield field_invalid(f"{path}.message", message, "message must be non-empty if specified")
    elif not {"\n", "\r"}.isdisjoint(message.strip()):
        yield field_invalid(f"{path}.message", message, "message must not contain line breaks")
    reason = validation.get("reason")
    if reason is not None and reason not in REASONS:
        yield field_not_supported(f"{path}.reason", reason, REASONS)


def _annotation_problems(annotations: Sequence[Object], policy: str, checks: ExpressionChecks) -> Iterator[FieldError]:
    path = "spec.auditAnnotations"
    if len(annotations) > MAX_AUDIT_ANNOTATIONS:
        yield field_invalid(path, annotations, f"must not have more than {MAX_AUDIT_ANNOTATIONS} auditAnnotations")
    keys = set[str]()
    for index, annotation in enumerate(annotations):
        at, key = f"{path}[{index}]", annotation.get("key") or ""
        yield from checks.annotation(annotation, policy, at)
        if key in keys:
            yield field_duplicate(f"{at}.key", key)
        keys.add(key)


def _mutation_problems(mutation: Object, path: str, checks: ExpressionChecks) -> Iterator[FieldError]:
    chosen = mutation.get("patchType") or ""
    member = _PATCH_TYPES.get(chosen)
    if member is None:
        yield from choice_problems(chosen, f"{path}.patchType", sorted(_PATCH_TYPES))
        return
    if (patch := mutation.get(member)) is None:
        yield field_required(f"{path}.{member}", f"must be specified when patchType is {chosen}")
    else:
        yield from checks.mutation(chosen, patch.get("expression") or "", f"{path}.{member}.expression")
    for other in _PATCH_TYPES.values():
        if other != member and mutation.get(other) is not None:
            detail = f"must not be specified when patchType is {chosen}"
            yield field_invalid(f"{path}.{other}", f"{{{other}}}", detail)


def _validating_binding(obj: Object, _: bool) -> Iterator[FieldError]:
    spec = obj.get("spec") or {}
    yield from _binding_problems(obj, spec)
    actions = spec.get("validationActions") or []
    for index, action in enumerate(actions):
        at = f"spec.validationActions[{index}]"
        if action not in VALIDATION_ACTIONS:
            yield field_not_supported(at, action, VALIDATION_ACTIONS)
        if action in actions[:index]:
            yield field_duplicate(at, action)
    if {"Deny", "Warn"} <= set(actions):
        detail = (
            "must not contain both Deny and Warn (repeating the same validation failure information in the API "
            "response and headers serves no purpose)"
        )
        yield field_invalid("spec.validationActions", actions, detail)
    if not actions and not _is_alpha(obj):
        yield field_required("spec.validationActions", "at least one validation action is required")


def _mutating_binding(obj: Object, _: bool) -> Iterator[FieldError]:
    spec = obj.get("spec") or {}
    yield from _binding_problems(obj, spec)
    yield from mutating_operation_problems(spec.get("matchResources") or {}, "spec.matchResources")


def _binding_problems(obj: Object, spec: Mapping[str, Any]) -> Iterator[FieldError]:
    policy = spec.get("policyName") or ""
    if not policy:
        yield field_required("spec.policyName")
    else:
        for problem in check_dns1123_subdomain(policy):
            yield field_invalid("spec.policyName", policy, problem)
    if (reference := spec.get("paramRef")) is not None:
        yield from param_ref_problems(reference, "spec.paramRef", not_found_action=not _is_alpha(obj))
    if (match := spec.get("matchResources")) is not None:
        yield from match_problems(match, "spec.matchResources")


def _is_alpha(obj: Object) -> bool:
    """The first minor that had policies lacked some fields, in v1alpha1."""
    return bool(obj["apiVersion"] == f"{GROUP}/v1alpha1")


def _status_problems(status: Mapping[str, Any]) -> Iterator[FieldError]:
    warnings = (status.get("typeChecking") or {}).get("expressionWarnings") or ()
    for index, warning in enumerate(warnings):
        for field in ("warning", "fieldRef"):
            if not (warning.get(field) or "").strip():
                yield field_required(f"status.typeChecking.expressionWarnings[{index}].{field}")


KINDS: Mapping[GroupKind, Problems] = {
    GroupKind(GROUP, "ValidatingAdmissionPolicy"): _validating_policy,
    GroupKind(GROUP, "ValidatingAdmissionPolicyBinding"): _validating_binding,
    GroupKind(GROUP, "MutatingAdmissionPolicy"): _mutating_policy,
    GroupKind(GROUP, "MutatingAdmissionPolicyBinding"): _mutating_binding,
}
