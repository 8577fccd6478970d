"""The admission plugin Initializers: gives new objects their initializers, and guards those of objects that wait."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.initializers import self_blocking, states
from steersman.admission.initializers.configuration import CONFIGURATIONS, ConfiguredInitializer, InitializerIndex
from steersman.admission.initializers.configured import ConfiguredInitializers
from steersman.admission.initializers.states import Actor, Malformed, State, Step
from steersman.admission.initializers.states import Initializers as Waiting
from steersman.apimachinery.errors import ApiError, FieldError, forbidden, invalid
from steersman.apimachinery.group_version import GroupResource, GroupVersionResource
from steersman.apimachinery.time import format_micro_time
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.admission.trace import INITIALIZER
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.authorization import Authorizer, Decision, Verdict
from steersman.apiserver.authorization.node.references import MIRROR
from steersman.apiserver.registry.resource import Object
from steersman.apiserver.request_info import RequestInfo

PODS = GroupResource("", "pods")
NEVER_HELD = frozenset((GroupResource("", "events"), GroupResource("events.k8s.io", "events")))
"""What tells that something is stuck must not be stuck itself; nor must what configures it (see CONFIGURATIONS)."""

OWN = "it runs in this very object"


class Initializers:
    """Naming this plugin turns initializers on. ``now`` gives a MicroTime."""

    name = "Initializers"
    operations = frozenset((CREATE, UPDATE))
    resources = None

    def __init__(
        self,
        configured: ConfiguredInitializers,
        authorizer: Authorizer,
        now: Callable[[], str] = lambda: format_micro_time(datetime.now(UTC)),
    ) -> None:
        self._configured, self._authorizer, self._now = configured, authorizer, now

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(ConfiguredInitializers(context.objects), context.authorizer)

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        obj, old = attributes.object, attributes.old_object
        if obj is None or attributes.reinvoked:
            return None
        meta = obj["metadata"]
        if old is None:
            if attributes.subresource:
                return None
            if "initializers" not in meta and (index := self._configured.at_once()) is not None:
                self._assign(attributes, obj, index)
                return None
            return self._create(attributes, obj)
        before = old["metadata"].get("initializers")
        if attributes.subresource:
            _put(meta, before)
            return None
        if before is None and meta.get("initializers") is None:
            return None
        return self._update(attributes, obj, old)

    async def _create(self, attributes: Attributes, obj: Object) -> None:
        """A new object that brings initializers, or comes when it is not known yet what is configured."""
        sent = _read(attributes, obj)
        if sent is None:
            self._assign(attributes, obj, await self._configured.current())
            return
        step = states.step_of_create(sent, ())
        await self._allow(attributes, State.ABSENT, step, "create with initializers denied")
        if step is Step.BYPASS:
            _put(obj["metadata"], None)
            return
        _refuse(attributes, states.validate(sent))
        brought = states.assigned(sent.pending, self._now())
        _put(obj["metadata"], Waiting(brought.pending, sent.result).value())
        if attributes.trace is not None:
            _tell(attributes, brought)

    def _assign(self, attributes: Attributes, obj: Object, index: InitializerIndex) -> None:
        resource = attributes.resource
        configured = index.of(GroupVersionResource(resource.group, resource.version, resource.plural))
        if not configured or _is_exempt(attributes, obj):
            return
        others = _without_own(attributes, obj, configured)
        waiting = states.assigned([one.pending for one in others], self._now())
        if others:
            obj["metadata"]["initializers"] = waiting.value()
        if attributes.trace is not None:
            _tell(attributes, waiting, configured)

    async def _update(self, attributes: Attributes, obj: Object, old: Object) -> None:
        before, after = _read(attributes, old), _read(attributes, obj)
        step = states.step_of_update(before, after)
        if isinstance(step, FieldError):
            raise _invalid(attributes, [step])
        state = states.state_of(before)
        if state is State.PENDING and step is Step.KEEP and attributes.user.name == SERVER.name:
            step = Step.REPORT
        await self._allow(attributes, state, step, "update to uninitialized resource denied")
        settled = states.after_update(before, after, step, self._now())
        _put(obj["metadata"], None if settled is None else settled.value())

    async def _allow(self, attributes: Attributes, state: State, step: Step, message: str) -> None:
        """Raise 403 for a step that is not for this user."""
        needed = states.least_actor(state, step)
        if needed is Actor.ANYONE or (needed is Actor.SERVER and attributes.user.name == SERVER.name):
            return
        reason = ""
        if needed is Actor.INITIALIZER:
            verdict = await self._may_initialize(attributes)
            if verdict.decision is Decision.ALLOW:
                return
            reason = verdict.reason
        raise forbidden(attributes.group_resource, attributes.name, f"{message}: {reason}")

    async def _may_initialize(self, attributes: Attributes) -> Verdict:
        resource = attributes.resource
        asked = RequestInfo(
            "initialize",
            "",
            True,
            resource.group,
            resource.version,
            attributes.namespace,
            resource.plural,
            "",
            attributes.name,
        )
        verdict = self._authorizer.authorize(attributes.user, asked)
        return verdict if isinstance(verdict, Verdict) else await verdict


def _is_exempt(attributes: Attributes, obj: Object) -> bool:
    """What no initializer can hold: mirror Pods, which run already, and what this feature itself needs."""
    resource = attributes.group_resource
    if resource == PODS:
        return MIRROR in (obj["metadata"].get("annotations") or {})
    return resource in NEVER_HELD or resource.group == CONFIGURATIONS.group


def _without_own(
    attributes: Attributes, obj: Object, configured: Sequence[ConfiguredInitializer]
) -> Sequence[ConfiguredInitializer]:
    """Those that can initialize the object: not the program in it. Raises 403 where that would have to do it."""
    own, left_out = self_blocking.own(obj, attributes.namespace, configured)
    if own and not left_out:
        raise forbidden(attributes.group_resource, attributes.name, self_blocking.refusal(own))
    return [one for one in configured if one not in own] if own else configured


def _tell(attributes: Attributes, waiting: Waiting, configured: Sequence[ConfiguredInitializer] = ()) -> None:
    """Tell who wants the write explained of each initializer, with the turn that it will have."""
    from steersman.apiserver.admission.tracing import add, skip

    configurations, turns = {one.name: one.configuration for one in configured}, states.turns(waiting)
    for one in configured:
        if one.name not in turns:
            skip(attributes, INITIALIZER, one.name, OWN, configuration=one.configuration)
    for name, turn in turns.items():
        add(attributes, INITIALIZER, name, configuration=configurations.get(name, ""), turn=turn)


def _read(attributes: Attributes, obj: Object) -> Waiting | None:
    try:
        return states.read(obj["metadata"].get("initializers"))
    except Malformed as malformed:
        raise _invalid(attributes, [malformed]) from None


def _put(meta: Object, value: Any) -> None:
    if value is None:
        meta.pop("initializers", None)
    else:
        meta["initializers"] = value


def _refuse(attributes: Attributes, errors: Sequence[FieldError]) -> None:
    if errors:
        raise _invalid(attributes, errors)


def _invalid(attributes: Attributes, errors: Sequence[FieldError]) -> ApiError:
    return invalid(attributes.resource.gvk.group_kind, attributes.name, errors)
