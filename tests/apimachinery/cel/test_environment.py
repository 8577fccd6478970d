"""Environments and programs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from steersman.apimachinery.cel import (
    BOOL,
    DYN,
    INT,
    KUBERNETES,
    STRING,
    TIMESTAMP,
    Budget,
    CompileError,
    Environment,
    EvaluationError,
    Lazy,
    LazyObject,
    Timestamp,
    object_type,
)


def test_an_expression_is_compiled_once_and_evaluated_with_variables() -> None:
    program = Environment({"object": DYN}).compile("object.spec.replicas <= 5")

    assert program.evaluate({"object": {"spec": {"replicas": 3}}}) is True
    assert program.evaluate({"object": {"spec": {"replicas": 8}}}) is False
    assert program.type == BOOL
    assert program.variables == {"object"}


def test_extending_leaves_the_environment_as_it_was() -> None:
    environment = Environment({"a": INT})
    extended = environment.extend({"b": INT}, KUBERNETES)

    assert extended.compile("a + b + [1].sum()").evaluate({"a": 1, "b": 2}) == 4
    with pytest.raises(CompileError):
        environment.compile("a + b")


def test_a_variable_can_be_declared_anew() -> None:
    assert Environment({"a": INT}).extend({"a": STRING}).compile("a + 'x'").evaluate({"a": "y"}) == "yx"


def test_functions_of_libraries_are_unknown_without_them() -> None:
    with pytest.raises(CompileError, match="undeclared reference to 'quantity'"):
        Environment().compile("quantity('1')")


def test_a_lazy_variable_is_computed_once_and_only_if_used() -> None:
    computed: list[int] = []

    def compute() -> int:
        computed.append(1)
        return 3

    program = Environment({"a": DYN, "b": DYN}).compile("b && a + a == 6 && a > 1")
    variables = {"a": Lazy(compute), "b": False}

    assert program.evaluate(variables) is False
    assert computed == []
    assert program.evaluate({**variables, "b": True}) is True
    assert program.evaluate({**variables, "b": True}) is True
    assert computed == [1]


def test_the_fields_of_a_lazy_variable_are_reached() -> None:
    program = Environment({"a": DYN}).compile("a.b.c == 1 && has(a.b) && a['b'] != {}")

    assert program.evaluate({"a": Lazy(lambda: {"b": {"c": 1}})}) is True


def test_variables_of_a_policy_are_computed_one_by_one_from_one_budget() -> None:
    environment = Environment({"object": DYN, "variables": DYN})
    count = environment.compile("size(object.items)")
    double = environment.compile("variables.count * 2")
    activation = {"object": {"items": [1, 2]}}
    budget = Budget()
    spent_before = budget.remaining
    variables = LazyObject(
        {
            "count": lambda: count.evaluate(activation, budget),
            "double": lambda: double.evaluate({**activation, "variables": variables}, budget),
            "broken": lambda: environment.compile("object.nothing").evaluate(activation, budget),
        }
    )

    program = environment.compile("variables.double == 4 && variables.count == 2 && has(variables.broken)")

    assert program.evaluate({**activation, "variables": variables}, budget) is True
    assert spent_before - budget.remaining == count.cost(activation) + 3 + program.cost(
        {**activation, "variables": {"count": 2, "double": 4, "broken": 1}}
    )


def test_the_error_of_a_lazy_variable_is_that_of_its_use() -> None:
    def fail() -> None:
        raise EvaluationError("no such key: x")

    program = Environment({"a": DYN}).compile("a.b == 1 || true")
    assert program.evaluate({"a": Lazy(fail)}) is True

    with pytest.raises(EvaluationError, match="no such key: x"):
        Environment({"a": DYN}).compile("a == 1").evaluate({"a": Lazy(fail)})


def test_dotted_variables() -> None:
    program = Environment({"a": DYN, "a.b": DYN}).compile("a.b + a.c")

    assert program.evaluate({"a": {"b": 1, "c": 2}, "a.b": 10}) == 12


def test_declared_fields_are_read_under_their_json_names_and_converted() -> None:
    since = object_type("Widget", {"since": TIMESTAMP})
    program = Environment({"self": since}).compile("self.since")

    assert program.evaluate({"self": {"since": "1970-01-01T00:00:01Z"}}) == Timestamp(10**9)


def test_a_program_is_shared_by_threads() -> None:
    program = Environment({"x": DYN}).compile("x.map(i, x.map(j, i * j)).map(l, l.map(i, i + 1))")

    def evaluate(size: int) -> bool:
        values = list(range(size))
        return bool(program.evaluate({"x": values}) == [[i * j + 1 for j in values] for i in values])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(evaluate, [5, 40, 3, 60] * 20))


def test_input_is_not_changed() -> None:
    items = [3, 1, 2]
    program = Environment({"x": DYN}, KUBERNETES).compile("x.sort() + x.reverse() + x")

    assert program.evaluate({"x": items}) == [1, 2, 3, 2, 1, 3, 3, 1, 2]
    assert items == [3, 1, 2]
