"""The plugin: charges each write to the quotas of its namespace, last of all, and recounts where somebody asks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from steersman.admission.resource_quota.amounts import only, plus, read, written
from steersman.admission.resource_quota.configuration import LimitedResource, read_configuration
from steersman.admission.resource_quota.demand import demands_of
from steersman.admission.resource_quota.evaluator import Evaluator
from steersman.admission.resource_quota.ledger import LEDGER, Account, Charge, Ledger, in_flight
from steersman.admission.resource_quota.recount import recount
from steersman.admission.resource_quota.registry import IGNORED, QUOTAS, evaluator_of, evaluators_for
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object
from steersman.storage.watch_cache import Entry


class ResourceQuota:
    """Whoever writes the status of a quota, only the server knows what writes are on their way: it sets what is used.

    Writes on their way are counted together with what is stored, so that a recount never takes back their share.
    """

    name = "ResourceQuota"
    operations = frozenset((CREATE, UPDATE))
    resources = None

    def __init__(
        self,
        objects: ObjectReader,
        ledger: Ledger,
        limited: Sequence[LimitedResource],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._objects, self._ledger, self._limited, self._now = objects, ledger, limited, now
        self._evaluators: dict[GroupResource, Evaluator] = {}

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        ledger = Ledger(context.objects, context.lifecycle)
        return cls(context.objects, ledger, read_configuration(configuration or {}))

    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        if attributes.group_resource != QUOTAS or attributes.subresource != "status" or attributes.user is LEDGER:
            return None
        return None if attributes.reinvoked or attributes.object is None else self._recount(attributes)

    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        namespace, obj = attributes.namespace, attributes.object
        if not namespace or obj is None:
            return None
        cacher = self._objects.cacher(QUOTAS)
        if not self._limited and (cacher is None or (cacher.ready and not cacher.list(namespace)[0])):
            return None
        evaluator = self._evaluator(attributes.group_resource)
        if attributes.group_resource in IGNORED or not evaluator.handles(attributes):
            return None
        return self._charge(attributes, obj, evaluator)

    def _evaluator(self, resource: GroupResource) -> Evaluator:
        evaluator = self._evaluators.get(resource)
        if evaluator is None:
            evaluator = self._evaluators[resource] = evaluator_of(resource)
        return evaluator

    async def _charge(self, attributes: Attributes, obj: Object, evaluator: Evaluator) -> None:
        namespace = attributes.namespace
        quotas = [entry.parsed() for entry in await self._objects.list(QUOTAS, namespace)]
        demands = demands_of(attributes, obj, evaluator, quotas, self._limited, self._now())
        if not demands:
            return
        charge = Charge(attributes.group_resource, attributes.name, demands, _shows(attributes, obj))
        if attributes.dry_run:
            self._ledger.check(quotas, charge)
            return
        account = self._ledger.account(namespace)

        async def settle(is_committed: bool) -> None:
            await self._ledger.settle(namespace, account, charge, is_committed)

        attributes.on_settled.append(settle)
        await self._ledger.charge(namespace, account, charge)

    async def _recount(self, attributes: Attributes) -> None:
        """Nothing is charged until the write is over."""
        account = self._ledger.account(attributes.namespace)
        await account.lock.acquire()

        async def release(_: bool) -> None:
            account.lock.release()

        attributes.on_settled.append(release)
        quota: Any = attributes.object
        status = quota.get("status") or {}
        hard = status.get("hard") or {}
        for evaluator in evaluators_for(hard):
            await self._objects.ready(evaluator.resource)
        used = self._used(attributes.namespace, quota, list(hard), account)
        if used:
            quota["status"] = {**status, "used": written({**read(status.get("used")), **used})}

    def _used(self, namespace: str, quota: Object, hard: Sequence[str], account: Account) -> Any:
        """Read in one go: what becomes of a write on its way, it is counted once."""

        def stored(evaluator: Evaluator) -> Sequence[Callable[[], Object]]:
            cacher = self._objects.cacher(evaluator.resource)
            return [] if cacher is None else [entry.parsed for entry in cacher.list(namespace)[0]]

        def present(charge: Charge) -> Entry | None:
            cacher = self._objects.cacher(charge.resource)
            return None if cacher is None else cacher.get(namespace, charge.name)

        used = recount(quota, hard, stored, self._now())
        for taken in in_flight(account, quota["metadata"]["name"], present):
            used = plus(used, only(taken, used))
        return used


def _shows(attributes: Attributes, obj: Object) -> Callable[[Entry | None], bool]:
    """Whether an entry is of this write, or a later one."""
    if attributes.old_object is None:
        uid = obj["metadata"].get("uid")
        return lambda entry: entry is not None and entry.metadata.uid == uid
    before = attributes.old_object["metadata"].get("resourceVersion")
    return lambda entry: entry is None or str(entry.revision) != before
