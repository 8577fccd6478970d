"""What the expressions of a policy may cost: match conditions, validations and annotations each have a budget."""

from typing import Any

from steersman.admission.policy.validations import Validations

REQUEST: dict[str, Any] = {"object": {"data": {f"k{index}": "v" for index in range(55)}}}
# Costs 850,358, a bit less than one expression may.
EXPENSIVE = "object.data.all(a, object.data.all(b, object.data.all(c, a != '')))"
SPENT = "validation failed due to running out of cost budget, no further validation rules will be run"


def outcome_of(conditions: int, validations: int, annotations: int = 0) -> list[str]:
    spec = {
        "matchConditions": [{"name": f"c{index}", "expression": EXPENSIVE} for index in range(conditions)],
        "validations": [{"expression": EXPENSIVE}] * validations,
        "auditAnnotations": [
            {"key": f"k{index}", "valueExpression": f"string({EXPENSIVE})"} for index in range(annotations)
        ],
    }
    return [decision.message for decision in Validations.compile(spec).evaluate(REQUEST, None).decisions]


def test_match_conditions_have_the_smallest_budget() -> None:
    assert outcome_of(2, 1) == [""]
    assert outcome_of(3, 1) == [SPENT]


def test_what_match_conditions_cost_is_not_the_validations_concern() -> None:
    assert outcome_of(2, 10) == [""] * 10


def test_what_validations_cost_is_not_the_annotations_concern() -> None:
    assert outcome_of(0, 10, 3) == [""] * 10
