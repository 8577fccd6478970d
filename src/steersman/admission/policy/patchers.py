"""A MutatingAdmissionPolicy's mutations: compiled once, and evaluated for a request into changes of its object."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.admission.policy.activation import Activation
from steersman.admission.policy.apply_configuration import apply_configuration
from steersman.admission.policy.failure import MutationFailed
from steersman.admission.policy.match_conditions import UnknownMatch, meets_conditions
from steersman.admission.policy.programs import (
    Compiled,
    Condition,
    Variables,
    attempt,
    compile_conditions,
    policy_compiler,
)
from steersman.apimachinery.cel import Budget, EvaluationError, to_json
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.json_patch import JSONPatch
from steersman.apimachinery.server_side_apply import MergeSchema
from steersman.apiserver.registry.resource import Object

_TEST_FAILED = ("testing value ", "test operation does not apply: ")


@dataclass(frozen=True, slots=True)
class Mutation:
    """``apply`` makes the new object of the present one, the value of the expression and the kind's schema; it may
    share parts with both.
    """

    compiled: Compiled
    apply: Callable[[Object, Any, MergeSchema], Object]


@dataclass(frozen=True, slots=True)
class Mutations:
    """All that is evaluated of one policy."""

    variables: Variables
    conditions: tuple[Condition, ...]
    mutations: tuple[Mutation, ...]
    reinvocable: bool

    @classmethod
    def compile(cls, spec: Mapping[str, Any]) -> "Mutations":
        """``spec`` is that of a MutatingAdmissionPolicy. Never raises: see ``programs``."""
        compiler, variables = policy_compiler(spec)

        def mutation(stored: Mapping[str, Any]) -> Mutation:
            patch_type = stored["patchType"]
            member, apply = _PATCH_TYPES[patch_type]
            source = (stored.get(member) or {}).get("expression") or ""
            return Mutation(attempt(compiler.mutation, source, patch_type), apply)

        return cls(
            variables,
            compile_conditions(compiler, spec),
            tuple(mutation(one) for one in spec.get("mutations") or () if one.get("patchType") in _PATCH_TYPES),
            spec.get("reinvocationPolicy") == "IfNeeded",
        )

    def matches(self, request_values: Mapping[str, Any], params: Object | None) -> bool:
        """Whether the match conditions let the request through. Raises MutationFailed where that is not known."""
        try:
            return meets_conditions(self.conditions, self._activation(request_values, params))
        except UnknownMatch as error:
            raise MutationFailed(str(error)) from None

    def value(self, mutation: Mutation, request_values: Mapping[str, Any], params: Object | None) -> Any:
        """What a mutation's expression yields, as JSON. Raises MutationFailed."""
        if isinstance(mutation.compiled, str):
            raise MutationFailed(mutation.compiled)
        try:
            return to_json(self._activation(request_values, params).evaluate(mutation.compiled))
        except EvaluationError as error:
            raise MutationFailed(error.message) from None

    def _activation(self, request_values: Mapping[str, Any], params: Object | None) -> Activation:
        return Activation(self.variables, request_values, params, Budget())


def _apply_json_patch(obj: Object, operations: Any, _: MergeSchema) -> Object:
    """The patched copy; the object itself where an operation ``test`` fails. Raises MutationFailed."""
    try:
        patched = JSONPatch.parse(list(map(_operation, operations))).apply(obj)
    except ApiError as error:
        causes = (error.details or {}).get("causes") or [{}]
        message = causes[0].get("message") or error.message
        if message.startswith(_TEST_FAILED):
            return obj
        raise MutationFailed(f"JSON Patch: {message}") from None
    if not isinstance(patched, dict):
        raise MutationFailed("JSON Patch: the patched object is no object")
    return patched


def _operation(made: Mapping[str, Any]) -> dict[str, Any]:
    """An operation as JSON Patch has it: an empty ``from`` is none."""
    return {name: value for name, value in made.items() if name != "from" or value}


def _apply_configuration(obj: Object, configuration: Any, schema: MergeSchema) -> Object:
    applied = {**configuration, "apiVersion": obj.get("apiVersion"), "kind": obj.get("kind")}
    try:
        return apply_configuration(schema, obj, applied)
    except ValueError as error:
        raise MutationFailed(f"error applying patch: {error}") from None


_PATCH_TYPES: Mapping[str, tuple[str, Callable[[Object, Any, MergeSchema], Object]]] = {
    "JSONPatch": ("jsonPatch", _apply_json_patch),
    "ApplyConfiguration": ("applyConfiguration", _apply_configuration),
}
"""Patch type to the member that has the expression, and how what this yields is applied."""
