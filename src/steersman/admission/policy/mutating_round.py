"""One round of mutations: what the policies in force make of a request's object."""

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from steersman.admission.policy import metrics, mutated_object
from steersman.admission.policy.activation import request_variables
from steersman.admission.policy.authorizing import RememberingAuthorizer
from steersman.admission.policy.binding import Binding
from steersman.admission.policy.dispatch import Invocation, Misconfigured, invocations, namespace_of
from steersman.admission.policy.failure import MutationFailed
from steersman.admission.policy.policy import Policy
from steersman.admission.policy.policy_source import Hook, PolicySource
from steersman.admission.policy.reinvocation import Reinvocation, key_of
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.trace import POLICY
from steersman.apiserver.authorization import Authorizer
from steersman.storage.watch_cache import Entry

if TYPE_CHECKING:
    from steersman.admission.policy.patchers import Mutation, Mutations

REMEMBERED = "MutatingAdmissionPolicy"
"""Under which name a request remembers what was mutated in its first round."""

NOT_AGAIN = "not made again: nothing has changed since, or its reinvocationPolicy is Never"

_NO_ERROR = "no_error"
_INVALID = "Invalid"


async def mutate(
    source: "PolicySource[Mutations]",
    hooks: "tuple[Hook[Mutations], ...]",
    attributes: Attributes,
    authorizer: Authorizer,
    counted: metrics.PolicyMetrics,
) -> None:
    """Make the mutations of ``hooks`` that match. Raises ApiError for those that cannot be made."""
    found = await invocations(source, attributes, hooks)
    misconfigured = [one for one in found if isinstance(one, Misconfigured)]
    failures = [(_refusal(one.policy, one.binding, one.message), "") for one in misconfigured]
    if attributes.trace is not None:
        _tell(attributes, misconfigured, failures)
    to_make = [one for one in found if isinstance(one, Invocation)]
    if to_make:
        rounds: Reinvocation = attributes.remembered.setdefault(REMEMBERED, Reinvocation())
        if attributes.reinvoked:
            rounds.begin(attributes.object)
        await _Round(counted, authorizer, attributes, rounds, failures).make(to_make, namespace_of(source, attributes))
        rounds.end(attributes.object)
    if failures:
        raise _error(attributes, failures)


class _Round:
    """The mutations of one round; ``failures`` are pairs of message and reason, and grow."""

    def __init__(
        self,
        counted: metrics.PolicyMetrics,
        authorizer: Authorizer,
        attributes: Attributes,
        rounds: Reinvocation,
        failures: list[tuple[str, str]],
    ) -> None:
        self._metrics, self._attributes, self._rounds, self._failures = counted, attributes, rounds, failures
        self._authorizer = RememberingAuthorizer(authorizer)

    async def make(self, to_make: "list[Invocation[Mutations]]", namespace: Entry | None) -> None:
        go = self._go if self._attributes.trace is None else self._go_traced
        for one in to_make:
            await go(one, namespace)

    async def _go_traced(self, one: "Invocation[Mutations]", namespace: Entry | None) -> None:
        from steersman.apiserver.admission.tracing import inner_step

        attributes, known = self._attributes, len(self._failures)
        with inner_step(attributes, POLICY, one.policy.name, **one.details()) as step:
            step.skipped = await self._go(one, namespace)
        if len(self._failures) > known:
            step.refusal = _error(attributes, self._failures[known:])

    async def _go(self, one: "Invocation[Mutations]", namespace: Entry | None) -> str:
        """Make the mutations of one policy; why they are not made otherwise."""
        attributes, rounds = self._attributes, self._rounds
        values = request_variables(attributes, one.target, namespace, self._authorizer)
        try:
            matched = await self._authorizer.settled(partial(one.compiled.matches, values, one.params))
        except MutationFailed as error:
            self._fail(one, error)
            return ""
        key = key_of(one.policy, one.binding, one.params)
        if not matched:
            return "its matchConditions are not met"
        if attributes.reinvoked and key not in rounds.again:
            return NOT_AGAIN
        before = attributes.object
        await self._mutate(one, values)
        if attributes.object != before:
            rounds.changed()
            attributes.wants_reinvocation = True
        if one.compiled.reinvocable:
            rounds.made.add(key)
        return ""

    async def _mutate(self, one: "Invocation[Mutations]", values: dict[str, Any]) -> None:
        """Make the mutations of one policy in their order, each of what the one before has left."""
        for mutation in one.compiled.mutations:
            if self._attributes.object is None:
                return
            started = perf_counter()
            try:
                await self._change(one, mutation, values)
            except MutationFailed as error:
                self._count(one, metrics.error_type(str(error)), started)
                self._fail(one, error)
            except ApiError as error:
                self._count(one, metrics.error_type(error.message), started)
                raise
            else:
                self._count(one, _NO_ERROR, started)

    async def _change(self, one: "Invocation[Mutations]", mutation: "Mutation", values: dict[str, Any]) -> None:
        attributes, target = self._attributes, one.target
        before = values["object"] = mutated_object.present(attributes, target)
        if before is None:
            return
        value = await self._authorizer.settled(partial(one.compiled.value, mutation, values, one.params))
        mutated = mutation.apply(before, value, mutated_object.merge_schema(attributes, target))
        if mutated is not before:
            mutated_object.replace(attributes, target, before, mutated)

    def _count(self, one: "Invocation[Mutations]", error_type: str, started: float) -> None:
        self._metrics.checked(one.policy.name, one.binding.name, error_type, perf_counter() - started)

    def _fail(self, one: "Invocation[Mutations]", error: MutationFailed) -> None:
        if not one.policy.fails_open:
            self._failures.append((_refusal(one.policy, one.binding, str(error)), _INVALID))
        elif self._attributes.trace is not None:
            self._attributes.trace.current.failed_open = str(error)


def _tell(attributes: Attributes, misconfigured: list[Misconfigured], failures: list[tuple[str, str]]) -> None:
    """Tell who wants the write explained of policies that cannot be used, and with which failures that ends it."""
    from steersman.apiserver.admission.tracing import refuse

    for one, failure in zip(misconfigured, failures, strict=True):
        refuse(attributes, POLICY, one.policy.name, _error(attributes, [failure]), **one.details())


def _refusal(policy: Policy, binding: Binding | None, message: str) -> str:
    if binding is None:
        return f'policy "{policy.name}" denied request: {message}'
    return f"policy '{policy.name}' with binding '{binding.name}' denied request: {message}"


def _error(attributes: Attributes, failures: list[tuple[str, str]]) -> ApiError:
    """403 with the first failure as its message, and all of them as causes."""
    message, reason = failures[0]
    error = forbidden(attributes.group_resource, attributes.name or "Unknown", "")
    error.message = message
    error.reason = reason or error.reason
    error.details = {**(error.details or {}), "causes": [{"message": text} for text, _ in failures]}
    return error
