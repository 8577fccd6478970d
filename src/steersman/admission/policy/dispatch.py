"""From the policies that may concern a request to what is to be evaluated: per policy, binding and parameters."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Generic

from steersman.admission.policy.binding import Binding
from steersman.admission.policy.match_resources import NAMESPACES
from steersman.admission.policy.params import MisconfiguredParams
from steersman.admission.policy.policy import Policy
from steersman.admission.policy.policy_source import C, Hook, PolicySource
from steersman.apimachinery.errors import ApiError, not_found
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.registry.resource import Object, Resource
from steersman.storage.watch_cache import Entry


@dataclass(frozen=True, slots=True)
class Invocation(Generic[C]):
    """One evaluation of a policy; the object is seen as one of ``target``."""

    policy: Policy
    compiled: C
    binding: Binding
    target: Resource
    params: Object | None


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """A policy that does not fail open, or a binding of it, that cannot be used."""

    policy: Policy
    binding: Binding | None
    message: str


async def invocations(
    source: PolicySource[C], attributes: Attributes, hooks: Sequence[Hook[C]]
) -> list[Invocation[C] | Misconfigured]:
    """What the request comes to, in the order of policies and their bindings."""
    if source.namespaces is not None and not source.namespaces.ready:
        await source.namespaces.wait_ready()
    found: list[Invocation[C] | Misconfigured] = []
    for hook in hooks:
        found.extend([one async for one in _of_hook(source, attributes, hook)])
    return found


async def _of_hook(
    source: PolicySource[C], attributes: Attributes, hook: Hook[C]
) -> AsyncIterator[Invocation[C] | Misconfigured]:
    policy, binding = hook.policy, None
    target = attributes.resource
    try:
        if hook.scope is not None and policy.match is not None:
            named = hook.scope.target(attributes.name)
            if named is None or not policy.match.selects(attributes, source.namespaces):
                return
            target = named
        if hook.problem:
            raise MisconfiguredParams(hook.problem)
    except (ApiError, MisconfiguredParams) as error:
        if not policy.fails_open:
            yield Misconfigured(policy, None, f"failed to configure policy: {error}")
        return
    for in_force in hook.bindings:
        binding = in_force.binding
        try:
            if binding.problem:
                raise MisconfiguredParams(binding.problem)
            if in_force.scope is not None and binding.match is not None:
                matched = in_force.scope.target(attributes.name) is not None
                if not matched or not binding.match.selects(attributes, source.namespaces):
                    continue
            params = await source.params.collect(
                policy.param_kind, hook.params, binding.param_ref, request_namespace(attributes)
            )
        except (ApiError, MisconfiguredParams) as error:
            if not policy.fails_open:
                yield Misconfigured(policy, binding, f"failed to configure binding: {error}")
            continue
        for one in params:
            yield Invocation(policy, hook.compiled, binding, target, one)


def request_namespace(attributes: Attributes) -> str:
    """The namespace that the request's path names: of a namespace itself, its own name."""
    if attributes.group_resource == NAMESPACES:
        return "" if attributes.operation == CREATE else attributes.name
    return attributes.namespace


def namespace_of(source: PolicySource[C], attributes: Attributes) -> Entry | None:
    """The namespace that the object is in; None where it is in none. Raises NotFound."""
    if not attributes.namespace or attributes.group_resource == NAMESPACES:
        return None
    entry = None if source.namespaces is None else source.namespaces.get("", attributes.namespace)
    if entry is None:
        raise not_found(NAMESPACES, attributes.namespace)
    return entry
