"""Approval of definitions in the groups of the Kubernetes community, such as ``x.k8s.io`` (KEP-1111)."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from steersman.apiextensions.conditions import Condition
from steersman.apimachinery.errors import FieldError, field_invalid, field_required, render_value

Object = dict[str, Any]

ANNOTATION = "api-approved.kubernetes.io"
CONFORMANT = "KubernetesAPIApprovalPolicyConformant"

_NEEDED = f"protected groups must have approval annotation {render_value(ANNOTATION)}"
_SEE = "see https://github.com/kubernetes/enhancements/pull/1111"


class Approval(NamedTuple):
    """What the annotation says: ``reason`` is Missing, Unapproved, Approved or Invalid + "Annotation"."""

    reason: str
    message: str


def is_protected(group: str) -> bool:
    return f".{group}".endswith((".k8s.io", ".kubernetes.io"))


def approval_of(crd: Object) -> Approval:
    value = _annotation(crd)
    if not value:
        return Approval("MissingAnnotation", f"{_NEEDED}, {_SEE}")
    if value.startswith("unapproved"):
        return Approval("UnapprovedAnnotation", f"not approved: {render_value(value)}")
    if _is_url(value):
        return Approval("ApprovedAnnotation", f"approved in {value}")
    return Approval("InvalidAnnotation", f'{_NEEDED} with either a URL or a reason starting with "unapproved", {_SEE}')


def approval_condition(crd: Object) -> Condition | None:
    """The condition KubernetesAPIApprovalPolicyConformant; None where the group is not protected."""
    if not is_protected(crd["spec"]["group"]):
        return None
    approval = approval_of(crd)
    return Condition(CONFORMANT, str(approval.reason == "ApprovedAnnotation"), *approval)


def validate_approval(crd: Object, old: Object | None) -> list[FieldError]:
    """A new definition in a protected group must be annotated; an old one may stay as it is."""
    if not is_protected(crd["spec"].get("group") or ""):
        return []
    approval = approval_of(crd)
    if old is not None and approval_of(old).reason == approval.reason:
        return []
    path = f"metadata.annotations[{ANNOTATION}]"
    if approval.reason == "MissingAnnotation":
        return [field_required(path, approval.message)]
    if approval.reason == "InvalidAnnotation":
        return [field_invalid(path, _annotation(crd), approval.message)]
    return []


def _annotation(crd: Object) -> str:
    value = (crd["metadata"].get("annotations") or {}).get(ANNOTATION)
    return value if isinstance(value, str) else ""


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)
