"""What is done rather than read: binding a Pod to a node, evicting it, connecting to it."""

from collections.abc import Callable
from functools import cache, partial

from msgspec import Struct

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.builtin import Actions
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import ActionBehaviour

_POD, _SERVICE, _NODE, _BINDING = (GroupKind("", kind) for kind in ("Pod", "Service", "Node", "Binding"))
_CONNECTIONS = (
    *((_POD, name) for name in ("attach", "exec", "log", "portforward", "proxy")),
    (_SERVICE, "proxy"),
    (_NODE, "proxy"),
)


class ActionContext(Struct, frozen=True):
    """What actions may use of the server. ``now`` gives the time in RFC 3339; ``minor`` is the Kubernetes minor."""

    lifecycle: Lifecycle
    objects: ObjectReader
    now: Callable[[], str]
    minor: int


def builtin_actions(context: ActionContext) -> Actions:
    """The actions of built-in kinds."""
    binding = lazily(partial(_binding, context))
    connections = {key: lazily(partial(_connection, key, context)) for key in _CONNECTIONS}
    return {
        (_POD, "binding"): binding,
        (_POD, "eviction"): lazily(partial(_eviction, context)),
        (_BINDING, ""): binding,
        **connections,
    }


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


def _eviction(context: ActionContext) -> ActionBehaviour:
    from steersman.apis.eviction import PodEviction, check_eviction

    eviction = PodEviction(context.lifecycle, context.objects, context.now, context.minor)
    return ActionBehaviour(eviction.act, check_eviction)


def _connection(key: tuple[GroupKind, str], context: ActionContext) -> ActionBehaviour:
    from steersman.apis.connections import Connections, node_name, pod_name, service_name

    to = Connections(context.objects)
    behaviours = {
        (_POD, "attach"): ActionBehaviour(to.to_container),
        (_POD, "exec"): ActionBehaviour(to.to_container),
        (_POD, "log"): ActionBehaviour(to.to_log),
        (_POD, "portforward"): ActionBehaviour(to.to_ports),
        (_POD, "proxy"): ActionBehaviour(to.to_pod, parent_name=pod_name),
        (_SERVICE, "proxy"): ActionBehaviour(to.to_service, parent_name=service_name),
        (_NODE, "proxy"): ActionBehaviour(to.to_node, parent_name=node_name),
    }
    return behaviours[key]
