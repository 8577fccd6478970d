"""The expressions of an admission policy that is written: whether they compile, and yield what they have to.

The expression language takes long to load, and is only loaded here when there is an expression.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec

from steersman.apimachinery.errors import (
    FieldError,
    field_invalid,
    field_required,
)
from steersman.apimachinery.names import check_qualified_name
from steersman.apis.match_conditions import match_condition_problems
from steersman.apiserver.registry.resource import Object

if TYPE_CHECKING:
    from steersman.apiserver.admission.policy_expressions import PolicyCompiler

P = ParamSpec("P")

MAX_VALUE_EXPRESSION_BYTES = 5 * 1024

_UNSPECIFIED = "expression is not specified"
_IDENTIFIER = re.compile("[_a-zA-Z][_a-zA-Z0-9]*")
_RESERVED = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)


class ExpressionChecks:
    """Checks the expressions of one policy in their order: variables are known to those that come after them."""

    def __init__(self, spec: Mapping[str, Any], *, composition: bool) -> None:
        """``composition`` is whether expressions may refer to ``variables``; match conditions never may."""
        self._params, self._composition = spec.get("paramKind") is not None, composition
        self._made: PolicyCompiler | None = None

    def conditions(self, conditions: Sequence[Object], path: str) -> Iterator[FieldError]:
        """Match conditions."""
        return match_condition_problems(conditions, path, self._match_condition)

    def variables(self, variables: Sequence[Object], path: str) -> Iterator[FieldError]:
        for index, variable in enumerate(variables):
            at, name, expression = f"{path}[{index}]", variable.get("name") or "", variable.get("expression") or ""
            if not name.strip():
                yield field_required(f"{at}.name", "name is not specified")
            elif not _IDENTIFIER.fullmatch(name) or name in _RESERVED:
                yield field_invalid(f"{at}.name", name, "name is not a valid CEL identifier")
            if not expression.strip():
                yield field_required(f"{at}.expression", _UNSPECIFIED)
            else:
                yield from _problems(f"{at}.expression", expression, self._compiler.declare, name, expression)

    def condition(self, source: str, path: str) -> Iterator[FieldError]:
        """The expression of a validation."""
        if source.strip():
            yield from _problems(path, source, self._compiler.condition, source)
        else:
            yield field_required(path, _UNSPECIFIED)

    def message(self, source: str, path: str) -> Iterator[FieldError]:
        yield from _problems(path, source, self._compiler.message, source)

    def annotation(self, annotation: Object, policy: str, path: str) -> Iterator[FieldError]:
        """An audit annotation of a policy with this name."""
        key, expression = annotation.get("key") or "", annotation.get("valueExpression") or ""
        if policy:
            full = f"{policy}/{key}"
            for problem in check_qualified_name(full):
                yield field_invalid(f"{path}.key", full, problem)
        else:
            yield field_invalid(f"{path}.key", key, "requires metadata.name be non-empty")
        path, source = f"{path}.valueExpression", expression.strip()
        if not source:
            yield field_required(path, "valueExpression is not specified")
        elif len(source.encode()) > MAX_VALUE_EXPRESSION_BYTES:
            yield field_required(path, f"must not exceed {MAX_VALUE_EXPRESSION_BYTES} bytes in length")
        else:
            yield from _problems(path, expression, self._compiler.annotation, source)

    def mutation(self, patch_type: str, expression: str, path: str) -> Iterator[FieldError]:
        """The expression of a mutation; ``patch_type`` is ``JSONPatch`` or ``ApplyConfiguration``."""
        if source := expression.strip():
            yield from _problems(path, source, self._compiler.mutation, source, patch_type)
        else:
            yield field_required(path)

    def _match_condition(self, expression: str, path: str) -> Iterator[FieldError]:
        source = expression.strip()
        if source:
            compiler = _compiler(self._params, composition=False)
            yield from _problems(path, source, compiler.condition, source)
        else:
            yield field_required(path)

    @property
    def _compiler(self) -> "PolicyCompiler":
        if self._made is None:
            self._made = _compiler(self._params, composition=self._composition)
        return self._made


def _compiler(params: bool, *, composition: bool) -> "PolicyCompiler":
    from steersman.apimachinery.cel import DYN
    from steersman.apiserver.admission.policy_expressions import PolicyCompiler

    return PolicyCompiler(params=DYN if params else None, composition=composition)


def _problems(
    path: str, expression: str, compile: Callable[P, object], *args: P.args, **named: P.kwargs
) -> Iterator[FieldError]:
    """That ``expression`` does not compile, if so."""
    try:
        compile(*args, **named)
    except ValueError as error:
        yield field_invalid(path, expression, str(error))
