"""The compiled expressions of policies, those that both kinds have.

An expression that does not compile was stored when it still did, or by someone else: it stands as why it does not, and
fails when it is to be evaluated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec

from steersman.apimachinery.cel import DYN, Program
from steersman.apiserver.admission.policy_expressions import PolicyCompiler, WrongExpression

P = ParamSpec("P")

Compiled = Program | str
Variables = tuple[tuple[str, Compiled], ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A match condition."""

    name: str
    compiled: Compiled


def policy_compiler(spec: Mapping[str, Any]) -> tuple[PolicyCompiler, Variables]:
    """The compiler for a policy's expressions, and its variables, which it knows."""
    compiler = PolicyCompiler(params=None if spec.get("paramKind") is None else DYN)
    variables = []
    for one in spec.get("variables") or ():
        name = one.get("name") or ""
        variables.append((name, attempt(compiler.declare, name, one.get("expression") or "")))
    return compiler, tuple(variables)


def compile_conditions(compiler: PolicyCompiler, spec: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(one.get("name") or "", attempt(compiler.condition, one.get("expression") or ""))
        for one in spec.get("matchConditions") or ()
    )


def attempt(compile: Callable[P, Program], *args: P.args, **named: P.kwargs) -> Compiled:
    """What ``compile`` gives for the arguments, or why it does not."""
    try:
        return compile(*args, **named)
    except WrongExpression as error:
        return str(error)
