"""Expressions that do not compile, but are stored: an older server took them, or somebody else wrote them."""

from typing import Any

import pytest

from steersman.admission.policy.failure import MutationFailed
from steersman.admission.policy.patchers import Mutations
from steersman.admission.policy.validations import Validations

REQUEST: dict[str, Any] = {"object": {"kind": "ConfigMap"}, "oldObject": None}
UNKNOWN = "compilation failed: ERROR: <input>:1:1: undeclared reference to 'gone' (in container '')\n | gone\n | ^"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"validations": [{"expression": "gone"}]}, f"compilation error: {UNKNOWN}"),
        ({"validations": [{"expression": "1"}]}, "compilation error: must evaluate to bool but got int"),
        (
            {"matchConditions": [{"name": "a", "expression": "gone"}], "validations": [{"expression": "true"}]},
            f"compilation error: {UNKNOWN}",
        ),
        (
            {"variables": [{"name": "a", "expression": "gone"}], "validations": [{"expression": "variables.a == 1"}]},
            f"expression 'variables.a == 1' resulted in error: composited variable \"a\" fails to compile: {UNKNOWN}",
        ),
    ],
)
@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
def test_a_validation_that_does_not_compile_has_no_value(spec: dict[str, Any], message: str, policy: str) -> None:
    (decision,) = Validations.compile({**spec, "failurePolicy": policy}).evaluate(REQUEST, None).decisions

    assert (decision.message, decision.failed, decision.denied) == (message, True, policy == "Fail")


def test_a_message_that_does_not_compile_is_passed_over() -> None:
    spec = {"validations": [{"expression": "false", "messageExpression": "gone", "message": "no"}]}

    (decision,) = Validations.compile(spec).evaluate(REQUEST, None).decisions

    assert decision.message == "no"


def test_an_annotation_that_does_not_compile_is_a_refusal() -> None:
    outcome = Validations.compile({"auditAnnotations": [{"key": "a", "valueExpression": "gone"}]}).evaluate(
        REQUEST, None
    )

    assert [failure.message for failure in outcome.annotation_failures] == [f"compilation error: {UNKNOWN}"]


def test_a_mutation_that_does_not_compile_fails_when_it_is_made() -> None:
    spec = {"mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "gone"}}]}
    compiled = Mutations.compile(spec)

    with pytest.raises(MutationFailed) as failure:
        compiled.value(compiled.mutations[0], REQUEST, None)

    assert str(failure.value) == UNKNOWN
