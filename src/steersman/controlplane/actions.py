"""What is done rather than read: binding a Pod to a node, evicting it, connecting to it."""

from collections.abc import Callable
from functools import cache

from msgspec import Struct

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.builtin import Actions
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionBehaviour

_POD, _BINDING = GroupKind("", "Pod"), GroupKind("", "Binding")


class ActionContext(Struct, frozen=True):
    """What actions may use of the server. ``now`` gives the time in RFC 3339; ``minor`` is the Kubernetes minor."""

    lifecycle: Lifecycle
    objects: ObjectReader
    now: Callable[[], str]
    minor: int


def builtin_actions(context: ActionContext) -> Actions:
    """The actions of built-in kinds."""
    binding = lazily(lambda: _binding(context))
    return {(_POD, "binding"): binding, (_BINDING, ""): binding}


def lazily(make: Callable[[], ActionBehaviour]) -> ActionBehaviour:
    """What ``make`` gives, made for the first who asks: the server starts sooner."""
    made = cache(make)
    return ActionBehaviour(
        act=lambda call: made().act(call),
        prepare=lambda body, namespace, name: made().prepare(body, namespace, name),
        parent_name=lambda name: made().parent_name(name),
    )


def _binding(context: ActionContext) -> ActionBehaviour:
    from steersman.apis.binding import PodBinding, check_binding

    binding = PodBinding(context.lifecycle, context.objects, context.now, context.minor)
    return ActionBehaviour(binding.act, check_binding)
