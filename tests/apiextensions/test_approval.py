"""Approval of definitions in the groups of the Kubernetes community."""

from typing import Any

import pytest

from steersman.apiextensions.approval import ANNOTATION, approval_condition, validate_approval

SEE = "see https://github.com/kubernetes/enhancements/pull/1111"
MISSING = f'protected groups must have approval annotation "{ANNOTATION}", {SEE}'
INVALID = (
    f'protected groups must have approval annotation "{ANNOTATION}" with either a URL or a reason starting with '
    f'"unapproved", {SEE}'
)


def crd(value: str | None, group: str = "x.k8s.io") -> dict[str, Any]:
    return {"metadata": {"annotations": {} if value is None else {ANNOTATION: value}}, "spec": {"group": group}}


@pytest.mark.parametrize("group", ["k8s.io", "x.k8s.io", "kubernetes.io", "a.b.kubernetes.io"])
def test_community_groups_need_the_annotation(group: str) -> None:
    (error,) = validate_approval(crd(None, group), None)
    assert str(error) == f"metadata.annotations[{ANNOTATION}]: Required value: {MISSING}"


@pytest.mark.parametrize("group", ["example.com", "notk8s.io", "k8s.io.example.com"])
def test_other_groups_do_not(group: str) -> None:
    assert validate_approval(crd(None, group), None) == []
    assert approval_condition(crd(None, group)) is None


@pytest.mark.parametrize(
    ("value", "errors", "status", "reason", "message"),
    [
        (None, 1, "False", "MissingAnnotation", MISSING),
        ("soon", 1, "False", "InvalidAnnotation", INVALID),
        ("unapproved, a test", 0, "False", "UnapprovedAnnotation", 'not approved: "unapproved, a test"'),
        ("https://example.com/1", 0, "True", "ApprovedAnnotation", "approved in https://example.com/1"),
        ("http://[", 1, "False", "InvalidAnnotation", INVALID),
    ],
)
def test_what_the_annotation_says(value: str | None, errors: int, status: str, reason: str, message: str) -> None:
    assert len(validate_approval(crd(value), None)) == errors
    assert approval_condition(crd(value)) == ("KubernetesAPIApprovalPolicyConformant", status, reason, message)


def test_what_was_not_approved_before_may_stay_so() -> None:
    assert validate_approval(crd(None), crd(None)) == []
    assert len(validate_approval(crd(None), crd("unapproved"))) == 1
