"""From the policies that may concern a request to what is to be evaluated: per policy, binding and parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from steersman.admission.policy.binding import Binding
from steersman.admission.policy.match_resources import NAMESPACES
from steersman.admission.policy.params import MisconfiguredParams
from steersman.admission.policy.policy import Policy
from steersman.admission.policy.policy_source import C, Hook, PolicySource
from steersman.apimachinery.errors import ApiError, not_found
from steersman.apiserver.admission import Attributes
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
        target = _target(source, attributes, hook, found)
        if target is not None:
            await _add_bindings(source, attributes, hook, target, found)
    return found


def _target(
    source: PolicySource[C], attributes: Attributes, hook: Hook[C], found: list[Invocation[C] | Misconfigured]
) -> Resource | None:
    """As what the policy is to see the object; None where it does not match or, as ``found`` then says, is broken."""
    policy, target = hook.policy, attributes.resource
    try:
        if hook.scope is not None and policy.match is not None:
            named = hook.scope.target(attributes.name)
            if named is None or not policy.match.selects(attributes, source.namespaces):
                return None
            target = named
        if hook.problem:
            raise MisconfiguredParams(hook.problem)
    except (ApiError, MisconfiguredParams) as error:
        if not policy.fails_open:
            found.append(Misconfigured(policy, None, f"failed to configure policy: {error}"))
        return None
    return target


async def _add_bindings(
    source: PolicySource[C],
    attributes: Attributes,
    hook: Hook[C],
    target: Resource,
    found: list[Invocation[C] | Misconfigured],
) -> None:
    policy = hook.policy
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
                found.append(Misconfigured(policy, binding, f"failed to configure binding: {error}"))
            continue
        found.extend([Invocation(policy, hook.compiled, binding, target, one) for one in params])


def request_namespace(attributes: Attributes) -> str:
    """The request's namespace, as kube-apiserver sees it: that of a namespace is itself."""
    return attributes.name if attributes.group_resource == NAMESPACES else attributes.namespace


def namespace_of(source: PolicySource[C], attributes: Attributes) -> Entry | None:
    """The namespace that the object is in; None where it is in none. Raises NotFound."""
    if not attributes.namespace or attributes.group_resource == NAMESPACES:
        return None
    entry = None if source.namespaces is None else source.namespaces.get("", attributes.namespace)
    if entry is None:
        raise not_found(NAMESPACES, attributes.namespace)
    return entry
