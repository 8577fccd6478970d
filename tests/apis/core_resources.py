"""The resources of core/v1 with all their actions, which do nothing."""

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.registry.resource import ActionBehaviour, ActionCall, Object, Resource

CONNECTIONS = ("attach", "exec", "portforward", "proxy")
ACTIONS = {
    GroupKind("", "Pod"): (*CONNECTIONS, "binding", "eviction", "log"),
    GroupKind("", "Service"): ("proxy",),
    GroupKind("", "Node"): ("proxy",),
    GroupKind("", "ServiceAccount"): ("token",),
    GroupKind("", "Binding"): ("",),
}


async def never(call: ActionCall) -> Object:
    raise NotImplementedError


def core(minor: int) -> list[Resource]:
    """The resources of core/v1, with all their actions."""
    catalog = Catalog(minor)
    facts = [one for one in catalog.resources() if one.group == ""]
    actions = {(kind, name): ActionBehaviour(never) for kind, names in ACTIONS.items() for name in names}
    return list(builtin_resources(facts, Definitions(catalog), {}, actions))
