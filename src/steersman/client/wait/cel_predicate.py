"""Waiting for what an expression in CEL says of an object."""

from functools import cache

from steersman.apimachinery.cel import BOOL, DYN, KUBERNETES, Environment, EvaluationError, Program
from steersman.client.wait.predicates import Content, Presence, summary


def cel(expression: str) -> Presence:
    """Met by an ``object`` for which the expression is true: ``object.status.ready == object.spec.replicas``.

    While it has no value, as a field is not there yet, it is not met. Raises ValueError (CompileError) for an
    expression that is wrong, or cannot be a bool.
    """
    program = _environment().compile(expression)
    if program.type not in (BOOL, DYN):
        raise ValueError(f"the expression must be a bool, not {program.type}: {expression}")

    def describe(content: Content) -> str:
        try:
            said = "is false" if _value(program, content) is False else "is no bool"
        except EvaluationError as error:
            said = f"has no value, {error.message}"
        return f"{expression} {said}; {summary(content)}"

    return Presence(f"cel {expression}", lambda content: _is_true(program, content), describe)


def _is_true(program: Program, content: Content) -> bool:
    try:
        return _value(program, content) is True
    except EvaluationError as error:
        if error.fatal:
            raise ValueError(error.message) from error
        return False


def _value(program: Program, content: Content) -> object:
    return program.evaluate({"object": content})


@cache
def _environment() -> Environment:
    return Environment({"object": DYN}, KUBERNETES)
