"""The aggregation controller: a ClusterRole with an ``aggregationRule`` has the rules of those that it selects.

"Using RBAC Authorization", section "Aggregated ClusterRoles".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from steersman.apimachinery import label_selector
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import Selector
from steersman.client.cache import CachedObject
from steersman.client.informer import ResourceEventHandlerFuncs, SharedInformer
from steersman.client.resource_client import ResourceClient
from steersman.client.work_queue import ItemExponentialFailureRateLimiter, RateLimitingQueue
from steersman.client.workers import run_workers

CLUSTER_ROLES = GroupResource("rbac.authorization.k8s.io", "clusterroles")
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.02, 30.0
WORKERS = 2

Rule = Mapping[str, Any]


class ClusterRoleAggregationController:
    """Writes ``rules`` of the roles in ``informer`` that have an aggregation rule, with ``cluster_roles``.

    Level-triggered: whatever role changed, all those that collect rules are looked at.
    """

    def __init__(self, cluster_roles: ResourceClient[dict[str, Any]], informer: SharedInformer) -> None:
        self._cluster_roles, self._informer = cluster_roles, informer
        self._queue: RateLimitingQueue[str] = RateLimitingQueue(
            ItemExponentialFailureRateLimiter(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        )
        self._collecting: set[str] = set()
        handler = ResourceEventHandlerFuncs(
            on_add=lambda role, _: self._changed(role),
            on_update=lambda _, role: self._changed(role),
            on_delete=lambda role: self._gone(role.key),
        )
        informer.add_event_handler(handler)

    async def run(self) -> None:
        """Collect rules until cancelled."""
        await self._informer.wait_for_sync()
        await run_workers(self._queue, self._collect, name="cluster role aggregation controller", workers=WORKERS)

    def _changed(self, role: CachedObject) -> None:
        if role.get("aggregationRule") is not None:
            self._collecting.add(role.key)
        else:
            self._collecting.discard(role.key)
        self._look_at_all()

    def _gone(self, name: str) -> None:
        self._collecting.discard(name)
        self._look_at_all()

    def _look_at_all(self) -> None:
        for name in self._collecting:
            self._queue.add(name)

    async def _collect(self, name: str) -> None:
        """Raises what the server answers."""
        role = self._informer.indexer.get_by_key(name)
        if role is None or role.get("aggregationRule") is None:
            return
        changed = role.deep_copy()
        rules = self._rules(name, changed["aggregationRule"])
        if rules == (changed.get("rules") or []):
            return
        changed["rules"] = rules
        try:
            await self._cluster_roles.update(changed)
        except ApiError as error:
            if error.reason != "NotFound":
                raise

    def _rules(self, name: str, aggregation: Mapping[str, Any]) -> list[Rule]:
        """The rules of the selected roles, by the order of their names within each selector, each rule once."""
        rules: list[Rule] = []
        for selector in _selectors(aggregation):
            chosen = [role for role in self._informer.indexer.list() if selector.matches(role.labels)]
            for role in sorted(chosen, key=lambda one: one.name):
                if role.name != name:
                    copied = role.deep_copy().get("rules") or []
                    rules += [rule for rule in copied if rule not in rules]
        return rules


def _selectors(aggregation: Mapping[str, Any]) -> Iterator[Selector]:
    for selector in aggregation.get("clusterRoleSelectors") or ():
        yield label_selector.from_label_selector(selector)
