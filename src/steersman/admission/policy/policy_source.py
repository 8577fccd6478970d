"""The policies of one kind that are in force, and which of them a request may concern.

What reads policies and bindings is imported for the first of them: a server without any starts sooner.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.storage.watch_cache import Change, Entry

if TYPE_CHECKING:
    from steersman.admission.policy.binding import Binding
    from steersman.admission.policy.match_resources import Scope
    from steersman.admission.policy.params import Params
    from steersman.admission.policy.policy import Generation, Policy

GROUP = "admissionregistration.k8s.io"
EXEMPT = frozenset(
    (
        *(
            GroupResource(GROUP, f"{kind}admission{plural}")
            for kind in ("mutating", "validating")
            for plural in ("policies", "policybindings")
        ),
        *(GroupResource("authentication.k8s.io", plural) for plural in ("selfsubjectreviews", "tokenreviews")),
        *(
            GroupResource("authorization.k8s.io", plural)
            for plural in (
                "localsubjectaccessreviews",
                "selfsubjectaccessreviews",
                "selfsubjectrulesreviews",
                "subjectaccessreviews",
            )
        ),
    )
)
"""What no policy is asked about: a policy that is broken could not be removed any more, and nobody authorized."""

_NAMESPACES = GroupResource("", "namespaces")

C = TypeVar("C")
"""The compiled expressions of a policy."""

_Key = tuple[str, Resource, str]


class InForce(NamedTuple):
    """A binding and, where it matches only some resources, its scope for an operation and resource."""

    binding: "Binding"
    scope: "Scope | None"


class Hook(NamedTuple, Generic[C]):
    """A policy that may concern requests for one operation and resource; ``bindings`` are those that may, too.

    ``scope`` is None for a policy whose constraints cannot be read. ``params`` is where objects of the policy's
    paramKind are served; ``problem`` says why the policy cannot be used.
    """

    policy: "Policy"
    compiled: C
    scope: "Scope | None"
    bindings: tuple[InForce, ...]
    params: Resource | None
    problem: str = ""


class PolicySource(Generic[C]):
    """Follows the policies and bindings that are stored.

    ``known`` has the hooks found for operation, resource and subresource; it is empty after each change. Reading a
    policy's expressions (``compile``) is left until a request may concern it, and then kept for its generation.
    """

    def __init__(
        self,
        objects: ObjectReader,
        served: ServedResources,
        kind: str,
        compile: Callable[[Mapping[str, Any]], C],
    ) -> None:
        """``kind`` is ``validating`` or ``mutating``; ``compile`` gets a policy's spec."""
        self.known: dict[_Key, tuple[Hook[C], ...]] = {}
        self._objects, self._served = objects, served
        self._generation, self._compile = served.generation, compile
        self._compiled: dict[str, tuple[Generation, C]] = {}
        self._read: dict[str, Policy] = {}
        self._bindings: dict[str, list[Binding]] | None = None
        self._policies = objects.cacher(GroupResource(GROUP, f"{kind}admissionpolicies"))
        self._stored_bindings = objects.cacher(GroupResource(GROUP, f"{kind}admissionpolicybindings"))
        self.namespaces = objects.cacher(_NAMESPACES)
        followed = (self._policies, self._stored_bindings)
        self._unsubscribe = [cacher.subscribe(self._changed) for cacher in followed if cacher is not None]

    @property
    def served(self) -> bool:
        """Whether there can be policies of this kind."""
        return self._policies is not None and self._stored_bindings is not None

    @cached_property
    def params(self) -> "Params":
        """Reads the parameters of bindings."""
        from steersman.admission.policy.params import Params

        return Params(self._objects, self._served)

    def close(self) -> None:
        """Follow no longer what is stored."""
        while self._unsubscribe:
            self._unsubscribe.pop()()

    def at_hand(self, operation: str, resource: Resource, subresource: str) -> tuple[Hook[C], ...] | None:
        """The hooks of a request, in the order of their names; None where they have to be found first."""
        policies, bindings = self._policies, self._stored_bindings
        if policies is None or bindings is None or not (policies.ready and bindings.ready):
            return None
        if self._served.generation != self._generation:
            self._generation = self._served.generation
            self.known.clear()
        return self.known.get((operation, resource, subresource))

    async def find(self, operation: str, resource: Resource, subresource: str) -> tuple[Hook[C], ...]:
        """The hooks of a request; waits until what is stored has been loaded."""
        for cacher in (self._policies, self._stored_bindings):
            if cacher is not None and not cacher.ready:
                await cacher.wait_ready()
        found = self.at_hand(operation, resource, subresource)
        if found is None:
            found = tuple(self._select(operation, resource, subresource))
            self.known[operation, resource, subresource] = found
        return found

    def _select(self, operation: str, resource: Resource, subresource: str) -> list[Hook[C]]:
        if resource.group_resource in EXEMPT or self._policies is None or not self._bound():
            return []
        from steersman.admission.webhook.invocation import equivalents

        others = equivalents(resource, subresource, self._served.all())
        hooks = (
            self._hook(policy, bindings, operation, resource, subresource, others)
            for policy, bindings in self._in_force()
        )
        return [hook for hook in hooks if hook is not None]

    def _in_force(self) -> "list[tuple[Policy, list[Binding]]]":
        assert self._policies is not None
        bound = self._bound()
        return [(self._policy(entry), bound[entry.name]) for entry in self._policies.list()[0] if entry.name in bound]

    def _hook(
        self,
        policy: "Policy",
        bindings: "Sequence[Binding]",
        operation: str,
        resource: Resource,
        subresource: str,
        others: Sequence[Resource],
    ) -> Hook[C] | None:
        scope = None
        if policy.match is not None:
            scope = policy.match.scope(operation, resource, subresource, others)
            if scope is None:
                return None
        params, problem = None, policy.problem
        if policy.param_kind is not None:
            params = self.params.resource(policy.param_kind)
            if params is None:
                kind = policy.param_kind
                shown = f"{kind.group}/{kind.version}, Kind={kind.kind}"
                problem = problem or f"failed to find resource referenced by paramKind: '{shown}'"
        matching = []
        for binding in bindings:
            of_binding = None
            if binding.match is not None:
                of_binding = binding.match.scope(operation, resource, subresource, others)
                if of_binding is None:
                    continue
            matching.append(InForce(binding, of_binding))
        if not matching and not problem:
            return None
        return Hook(policy, self._expressions(policy), scope, tuple(matching), params, problem)

    def _expressions(self, policy: "Policy") -> C:
        known = self._compiled.get(policy.name)
        if known is None or known[0] != policy.generation:
            known = self._compiled[policy.name] = policy.generation, self._compile(policy.spec)
        return known[1]

    def _policy(self, entry: Entry) -> "Policy":
        from steersman.admission.policy.policy import Policy, generation_of

        policy = self._read.get(entry.name)
        if policy is None or policy.generation != generation_of(entry):
            policy = self._read[entry.name] = Policy.read(entry)
        return policy

    def _bound(self) -> "Mapping[str, list[Binding]]":
        """Policy name to its bindings, in the order of their names."""
        if self._bindings is None:
            stored = () if self._stored_bindings is None else self._stored_bindings.list()[0]
            self._bindings = _by_policy(stored) if stored else {}
        return self._bindings

    def _changed(self, changes: Sequence[Change]) -> None:
        self.known.clear()
        self._bindings = None
        for change in changes:
            if change.deleted:
                self._read.pop(change.entry.name, None)
                self._compiled.pop(change.entry.name, None)


def _by_policy(stored: Sequence[Entry]) -> "dict[str, list[Binding]]":
    from steersman.admission.policy.binding import Binding

    bindings: dict[str, list[Binding]] = {}
    for entry in stored:
        binding = Binding.read(entry.name, entry.parsed())
        bindings.setdefault(binding.policy, []).append(binding)
    return bindings
