"""From the policies that may concern a request to what is to be evaluated: per policy, binding and parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

from steersman.admission.policy.binding import Binding
from steersman.admission.policy.match_resources import NAMESPACES
from steersman.admission.policy.params import MisconfiguredParams
from steersman.admission.policy.policy import Policy
from steersman.admission.policy.policy_source import C, Hook, PolicySource
from steersman.apimachinery.errors import ApiError, not_found
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.trace import POLICY
from steersman.apiserver.registry.resource import Object, Resource
from steersman.storage.watch_cache import Entry

OTHER_NAMES = "its resourceNames are others"


@dataclass(frozen=True, slots=True)
class Invocation(Generic[C]):
    """One evaluation of a policy; the object is seen as one of ``target``."""

    policy: Policy
    compiled: C
    binding: Binding
    target: Resource
    params: Object | None

    def details(self) -> dict[str, Any]:
        """What an explanation has beside the policy's name."""
        meta = (self.params or {}).get("metadata") or {}
        params = "/".join(filter(None, (meta.get("namespace"), meta.get("name"))))
        return {"binding": self.binding.name, "params": params}


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """A policy that does not fail open, or a binding of it, that cannot be used."""

    policy: Policy
    binding: Binding | None
    message: str

    def details(self) -> dict[str, Any]:
        return {"binding": self.binding.name if self.binding is not None else ""}


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
            excluded = policy.match.exclusion(attributes, source.namespaces) if named is not None else OTHER_NAMES
            if named is None or excluded:
                _leave_out(attributes, policy, None, excluded)
                return None
            target = named
        if hook.problem:
            raise MisconfiguredParams(hook.problem)
    except (ApiError, MisconfiguredParams) as error:
        _misconfigured(attributes, policy, None, f"failed to configure policy: {error}", found)
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
                named = in_force.scope.target(attributes.name) is not None
                excluded = binding.match.exclusion(attributes, source.namespaces) if named else OTHER_NAMES
                if excluded:
                    _leave_out(attributes, policy, binding, excluded)
                    continue
            params = await source.params.collect(
                policy.param_kind, hook.params, binding.param_ref, request_namespace(attributes)
            )
        except (ApiError, MisconfiguredParams) as error:
            _misconfigured(attributes, policy, binding, f"failed to configure binding: {error}", found)
            continue
        if not params:
            _leave_out(attributes, policy, binding, "there are no parameters for it")
        found.extend([Invocation(policy, hook.compiled, binding, target, one) for one in params])


def _misconfigured(
    attributes: Attributes,
    policy: Policy,
    binding: Binding | None,
    message: str,
    found: list[Invocation[C] | Misconfigured],
) -> None:
    if policy.fails_open:
        _leave_out(attributes, policy, binding, message)
    else:
        found.append(Misconfigured(policy, binding, message))


def _leave_out(attributes: Attributes, policy: Policy, binding: Binding | None, why: str) -> None:
    """Tell it to who wants the write explained."""
    if attributes.trace is not None:
        from steersman.apiserver.admission.tracing import skip

        skip(attributes, POLICY, policy.name, why, binding=binding.name if binding is not None else "")


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
