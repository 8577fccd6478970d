"""Columns of the group admissionregistration.k8s.io."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, NAME, ColumnSet, Object
from steersman.apis.printer_columns.columns import count_cell, number, string
from steersman.apis.printer_columns.fields import UNSET, mapping, selector_text, text

_WEBHOOKS = ColumnSet((NAME, number("Webhooks", count_cell("webhooks"), "How many webhooks it has."), AGE))


def _parameter_kind(policy: Object, now: float) -> str:
    kind = mapping(policy, "spec", "paramKind")
    return f"{text(kind, 'apiVersion')}/{text(kind, 'kind')}" if kind else UNSET


def _parameters(binding: Object, now: float) -> str:
    """The object with the parameters, by name, or the labels of those; ``*`` where no namespace is given."""
    reference = mapping(binding, "spec", "paramRef")
    if name := text(reference, "name"):
        return f"{text(reference, 'namespace') or '*'}/{name}"
    return selector_text(reference.get("selector")) or UNSET


def _policy(counted: str, description: str) -> ColumnSet:
    return ColumnSet(
        (
            NAME,
            number(counted, count_cell("spec", counted.lower()), description),
            string("ParamKind", _parameter_kind, "The kind of the policy's parameters."),
            AGE,
        )
    )


_BINDING = ColumnSet(
    (
        NAME,
        string("PolicyName", "spec.policyName", "The policy that is bound."),
        string("ParamRef", _parameters, "Where the policy's parameters are."),
        AGE,
    )
)

COLUMN_SETS: Mapping[str, ColumnSet] = {
    "MutatingAdmissionPolicy": _policy("Mutations", "How many mutations the policy makes."),
    "MutatingAdmissionPolicyBinding": _BINDING,
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "ValidatingAdmissionPolicy": _policy("Validations", "How many expressions the policy checks."),
    "ValidatingAdmissionPolicyBinding": _BINDING,
    "ValidatingWebhookConfiguration": _WEBHOOKS,
}
