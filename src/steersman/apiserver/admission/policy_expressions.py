"""Expressions of admission policies: what they may refer to, what they have to yield, and in which words they are
refused.

To be imported only where there are expressions: the language takes long to load. Specified in "Validating Admission
Policy", sections "Validation Expression" and "Variable composition", and in KEP-3962 for mutations.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from steersman.apimachinery.cel import (
    AUTHORIZER_TYPE,
    BOOL,
    DYN,
    INT,
    KUBERNETES,
    MUTATION,
    NULL,
    RESOURCE_CHECK_TYPE,
    STRING,
    TIMESTAMP,
    CompileError,
    Environment,
    Field,
    Program,
    Type,
    list_type,
    map_type,
    object_type,
)
from steersman.apimachinery.cel.libraries.mutation import JSON_PATCH_TYPE
from steersman.apimachinery.cel.types import Kind, OpenObjectType
from steersman.apiserver.admission.expressions import REQUEST_TYPE

_CONDITION = (BOOL,)
_MESSAGE = (STRING,)
_ANNOTATION = (STRING, NULL)
_MUTATIONS: Mapping[str, tuple[Type, ...]] = {
    "JSONPatch": (list_type(JSON_PATCH_TYPE),),
    "ApplyConfiguration": (OpenObjectType(Kind.OBJECT, "Object"),),
}

_STRINGS = list_type(STRING)
_TEXTS = map_type(STRING, STRING)
NAMESPACE_TYPE: Final = object_type(
    "kubernetes.Namespace",
    {
        "metadata": object_type(
            "kubernetes.NamespaceMetadata",
            {
                **dict.fromkeys(("name", "generateName", "namespace", "resourceVersion"), STRING),
                **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), TIMESTAMP),
                **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), INT),
                **dict.fromkeys(("labels", "annotations"), _TEXTS),
                # Declared under this name by kube-apiserver; the object has it as it always is.
                "UID": Field(STRING, "uid"),
                "finalizers": _STRINGS,
            },
        ),
        "spec": object_type("kubernetes.NamespaceSpec", {"finalizers": _STRINGS}),
        "status": object_type(
            "kubernetes.NamespaceStatus",
            {
                "phase": STRING,
                "conditions": list_type(
                    object_type(
                        "kubernetes.NamespaceCondition",
                        {
                            **dict.fromkeys(("status", "type", "message", "reason"), STRING),
                            "lastTransitionTime": TIMESTAMP,
                        },
                    )
                ),
            },
        ),
    },
)
"""The variable ``namespaceObject``."""

_KEPT_KINDS = frozenset((Kind.PRIMITIVE, Kind.NULL, Kind.NULLABLE))
_SNIPPET_LENGTH = 16384


class WrongExpression(ValueError):
    """An expression that cannot be used; the text says why, as kube-apiserver does."""


class PolicyCompiler:
    """Compiles the expressions of one policy; a variable is known to what is compiled after it.

    ``params`` is their type, None where the policy has none; ``object`` that of the objects it is for. Without
    ``composition`` there is no ``variables``.
    """

    def __init__(self, *, params: Type | None = None, object: Type = DYN, composition: bool = True) -> None:
        self._types: dict[str, Type] = {"object": object, "oldObject": object}
        if params is not None:
            self._types["params"] = params
        self._composed: dict[str, Type] = {}
        self._composition = composition

    def declare(self, name: str, source: str) -> Program:
        """The program of a variable. Where it raises WrongExpression, the variable is known too, of any type."""
        self._composed[name] = DYN
        program = self._compile(source, authorizer=True, mutation=False)
        self._composed[name] = _type_of_variable(program.type)
        return program

    def condition(self, source: str) -> Program:
        """The program of a match condition or a validation. Like the others, raises WrongExpression."""
        return self._yielding(source, _CONDITION)

    def message(self, source: str) -> Program:
        """The program of a messageExpression, which does not know the authorizer."""
        return self._yielding(source, _MESSAGE, authorizer=False)

    def annotation(self, source: str) -> Program:
        """The program of the value of an audit annotation: text or null."""
        return self._yielding(source, _ANNOTATION)

    def mutation(self, source: str, patch_type: str) -> Program:
        """The program of a mutation; ``patch_type`` is ``JSONPatch`` or ``ApplyConfiguration``."""
        return self._yielding(source, _MUTATIONS[patch_type], mutation=True)

    def check(self, source: str) -> str:
        """What is wrong with the types of an expression, whatever it yields; empty if nothing."""
        try:
            self._environment(authorizer=True, mutation=False).compile(source)
        except CompileError as error:
            return shown_issues(source, error)
        return ""

    def _yielding(
        self, source: str, yields: Sequence[Type], *, authorizer: bool = True, mutation: bool = False
    ) -> Program:
        """Raises WrongExpression, for another static type than one of ``yields`` too."""
        program = self._compile(source, authorizer=authorizer, mutation=mutation)
        if program.type not in yields:
            found, wanted = _type_text(program.type), [_type_text(one) for one in yields]
            expected = wanted[0] if len(wanted) == 1 else f"one of [{' '.join(wanted)}]"
            raise WrongExpression(f"must evaluate to {expected} but got {found}")
        return program

    def _compile(self, source: str, *, authorizer: bool, mutation: bool) -> Program:
        try:
            return self._environment(authorizer=authorizer, mutation=mutation).compile(source)
        except CompileError as error:
            raise WrongExpression(f"compilation failed: {shown_issues(source, error)}") from None

    def _environment(self, *, authorizer: bool, mutation: bool) -> Environment:
        types = self._types
        if self._composition:
            types = {**types, "variables": object_type("kubernetes.variables", self._composed)}
        return _environment(authorizer, mutation).extend(types)


@cache
def _environment(authorizer: bool, mutation: bool) -> Environment:
    variables: dict[str, Type] = {"request": REQUEST_TYPE, "namespaceObject": NAMESPACE_TYPE}
    if authorizer:
        variables |= {"authorizer": AUTHORIZER_TYPE, "authorizer.requestResource": RESOURCE_CHECK_TYPE}
    return Environment(variables, (*KUBERNETES, MUTATION) if mutation else KUBERNETES)


def _type_of_variable(type: Type) -> Type:
    """Of objects and of what libraries have, others do not see the type."""
    if type.kind in (Kind.LIST, Kind.MAP):
        return Type(type.kind, type.name, tuple(map(_type_of_variable, type.parameters)))
    return type if type.kind in _KEPT_KINDS else DYN


def _type_text(type: Type) -> str:
    """The type as cel-go prints it by itself, which is not how it stands in the messages of its checker."""
    parameters = ", ".join(map(_type_text, type.parameters))
    return f"{type.name}({parameters})" if parameters else type.name


def shown_issues(source: str, error: CompileError) -> str:
    """The issues, each with its line of the source and a mark under the place, as cel-go shows them."""
    lines = source.split("\n")
    shown = []
    for issue in error.issues:
        text = str(issue)
        line = lines[issue.line - 1] if issue.line <= len(lines) else None
        if line is not None and len(line) <= _SNIPPET_LENGTH:
            line = line.replace("\t", " ")
            dots = "".join("." if letter.isascii() else "\uff0e" for letter in line[: issue.column - 1])
            mark = "^" if line[issue.column - 1 : issue.column].isascii() else "\uff3e"
            text += f"\n | {line}\n | {dots}{mark}"
        shown.append(text)
    return "\n".join(shown)
