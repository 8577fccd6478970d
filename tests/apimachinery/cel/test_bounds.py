"""Whatever somebody writes, compiling and evaluating it ends soon."""

import pytest

from steersman.apimachinery.cel import (
    DYN,
    KUBERNETES,
    Budget,
    BudgetExceeded,
    CompileError,
    CostLimitExceeded,
    Environment,
    EvaluationError,
)

ENVIRONMENT = Environment({"x": DYN}, KUBERNETES)
TOO_DEEP = "expression recursion limit exceeded: 250"


@pytest.mark.parametrize(
    "source",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "[" * 10_000,
        "{1:" * 10_000,
        "x" + ".a" * 10_000,
        "x" + "[0]" * 10_000,
        "1" + " + 1" * 10_000,
        "true ? 1 : " * 5_000 + "1",
        "x.all(y, " * 5_000,
        "f(" * 5_000,
        "!(" * 5_000,
    ],
    ids=["parens", "lists", "maps", "selections", "indexes", "sums", "conditions", "macros", "calls", "negations"],
)
def test_deep_nesting_is_refused(source: str) -> None:
    with pytest.raises(CompileError) as raised:
        ENVIRONMENT.compile(source)

    assert raised.value.issues[0].message == TOO_DEEP


@pytest.mark.parametrize("source", ["!" * 50_001 + "true", "-" * 50_000 + "1", "true" + " && true" * 10_000])
def test_what_is_long_but_flat_is_no_problem(source: str) -> None:
    assert ENVIRONMENT.compile(source).evaluate({}) in (False, True, 1)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 120 + "1 == 1" + ")" * 120,
        "[" * 120 + "]" * 120 + " != []",
        "x" + ".?a" * 120 + ".hasValue() || true",
        "1" + " + 1" * 120 + " == 121",
    ],
)
def test_reasonable_nesting_is_accepted(source: str) -> None:
    assert ENVIRONMENT.compile(source).evaluate({"x": {}}) is True


def test_a_long_expression_is_refused() -> None:
    with pytest.raises(CompileError) as raised:
        ENVIRONMENT.compile(f"'{'a' * 1_000_000}'")

    expected = "expression code point size exceeds limit: size: 1000002, limit 100000"
    assert raised.value.issues[0].message == expected


@pytest.mark.parametrize(
    "source",
    [
        "x.all(i, i >= 0)",
        "x.exists(i, i < 0)",
        "x.exists_one(i, i < 0)",
        "x.filter(i, i < 0) == []",
        "x.map(i, i) == []",
        "x.map(i, i < 0, i) == []",
        "x.all(i, v, v >= 0)",
        "x.transformMap(i, v, v) == {}",
        "x.all(i, i >= 0) || true",
    ],
)
def test_a_comprehension_over_a_million_elements_stops_at_the_cost_limit(source: str) -> None:
    program = ENVIRONMENT.compile(source)

    with pytest.raises(CostLimitExceeded) as raised:
        program.evaluate({"x": list(range(1_000_000))})

    assert raised.value.message == "operation cancelled: actual cost limit exceeded"


def test_nested_comprehensions_stop_at_the_cost_limit() -> None:
    program = ENVIRONMENT.compile("x.all(a, x.all(b, x.all(c, a + b + c >= 0)))")

    with pytest.raises(CostLimitExceeded):
        program.evaluate({"x": list(range(1000))})


def test_long_ranges_are_refused() -> None:
    with pytest.raises(EvaluationError, match="size exceeds limit"):
        ENVIRONMENT.compile("lists.range(1000000000).size() > 0").evaluate({})


def test_evaluations_share_a_budget() -> None:
    program = ENVIRONMENT.compile("x.all(i, i > 0)")
    cost = program.cost({"x": [1, 2, 3]})
    budget = Budget(2 * cost)

    program.evaluate({"x": [1, 2, 3]}, budget)
    assert budget.remaining == cost
    program.evaluate({"x": [1, 2, 3]}, budget)

    with pytest.raises(BudgetExceeded) as raised:
        program.evaluate({"x": [1, 2, 3]}, budget)
    assert raised.value.message.startswith("validation failed due to running out of cost budget")


def test_what_fails_is_paid_for_too() -> None:
    budget = Budget()
    before = budget.remaining

    with pytest.raises(EvaluationError):
        ENVIRONMENT.compile("x.all(i, i / 0 > 0)").evaluate({"x": [1]}, budget)

    assert budget.remaining < before
