"""The one place where quotas are charged: by compare-and-swap on ``status.used``, so that nothing is taken twice.

Requests that come while a quota is being written wait and are charged together by the next write. What was charged for
a write that then failed is given back.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct, field

from steersman.admission.pod_spec import Amounts
from steersman.admission.resource_quota.amounts import minus, only, plus, read, told, written
from steersman.admission.resource_quota.demand import Demands
from steersman.admission.resource_quota.registry import QUOTAS
from steersman.apimachinery.errors import ApiError, conflict, forbidden, service_unavailable
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object
from steersman.apiserver.registry.write_options import WriteOptions
from steersman.storage.store import StoreClosed
from steersman.storage.watch_cache import Entry

_logger = logging.getLogger(__name__)

LEDGER = UserInfo("system:apiserver", groups=("system:masters",))
"""Who writes ``status.used``."""


class Charge(Struct, eq=False):
    """What a write takes. ``is_stored`` tells of the object's present entry whether it shows the write."""

    resource: GroupResource
    name: str
    demands: Demands
    is_stored: Callable[[Entry | None], bool]
    taken: dict[str, Amounts] = field(default_factory=dict)
    refusal: ApiError | None = None
    running: "asyncio.Task[None] | None" = None


class Account:
    """One namespace's. ``in_flight`` are charges of writes that are not over; whoever writes usage has the lock."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.in_flight: set[Charge] = set()
        self.waiting: list[Charge] = []


class Ledger:
    def __init__(self, objects: ObjectReader, lifecycle: Lifecycle) -> None:
        self._objects, self._lifecycle = objects, lifecycle
        self._accounts: WeakValueDictionary[str, Account] = WeakValueDictionary()
        self._running: set[asyncio.Task[None]] = set()

    def account(self, namespace: str) -> Account:
        account = self._accounts.get(namespace)
        if account is None:
            account = self._accounts[namespace] = Account()
        return account

    def check(self, quotas: Sequence[Object], charge: Charge) -> None:
        """For a dry run. Raises ApiError 403 where ``charge`` exceeds one of ``quotas``, which are changed."""
        for quota in quotas:
            exceeded = _take(quota, charge.demands.get(quota["metadata"]["name"], {}))
            if exceeded:
                raise forbidden(charge.resource, charge.name, exceeded)

    async def charge(self, namespace: str, account: Account, charge: Charge) -> None:
        """Take what ``charge`` demands of each quota, or of none and raise ApiError 403.

        Whatever comes of it, :meth:`settle` has to follow.
        """
        account.waiting.append(charge)
        charge.running = self._run(self._charge_waiting(namespace, account))
        await asyncio.shield(charge.running)
        if charge.refusal is not None:
            raise charge.refusal

    async def settle(self, namespace: str, account: Account, charge: Charge, is_committed: bool) -> None:
        """The write is over: unless it was committed, give back what was taken."""
        if is_committed or charge.running is None:
            account.in_flight.discard(charge)
        else:
            await asyncio.shield(self._run(self._give_back(namespace, account, charge)))

    def _run(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Whoever asked for it may be cancelled: what is begun is brought to an end."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _charge_waiting(self, namespace: str, account: Account) -> None:
        async with account.lock:
            batch, account.waiting = account.waiting, []
            try:
                for name in sorted({name for charge in batch for name in charge.demands}):
                    await self._charge_quota(namespace, name, [one for one in batch if one.refusal is None])
            except BaseException:
                for charge in batch:
                    charge.refusal = charge.refusal or service_unavailable("the quotas could not be charged")
                raise
            account.in_flight.update(charge for charge in batch if charge.refusal is None)
            await self._return(namespace, [charge for charge in batch if charge.refusal is not None])

    async def _charge_quota(self, namespace: str, name: str, batch: list[Charge]) -> None:
        batch = [charge for charge in batch if name in charge.demands]
        refusals: dict[Charge, ApiError] = {}

        def change(quota: Object) -> Object:
            refusals.clear()
            for charge in batch:
                exceeded = _take(quota, charge.demands[name])
                if exceeded:
                    refusals[charge] = forbidden(charge.resource, charge.name, exceeded)
            return quota

        try:
            await self._write(namespace, name, change)
        except ApiError as error:
            if error.code != 404:
                refusals = dict.fromkeys(batch, conflict(QUOTAS, name, error.message))
        for charge in batch:
            if charge in refusals:
                charge.refusal = refusals[charge]
            else:
                charge.taken[name] = charge.demands[name]

    async def _give_back(self, namespace: str, account: Account, charge: Charge) -> None:
        if charge.running is not None:
            await asyncio.wait((charge.running,))
        async with account.lock:
            try:
                await self._return(namespace, [charge])
            finally:
                account.in_flight.discard(charge)

    async def _return(self, namespace: str, charges: list[Charge]) -> None:
        for name in sorted({name for charge in charges for name in charge.taken}):
            amounts = [charge.taken.pop(name) for charge in charges if name in charge.taken]
            try:
                await self._write(namespace, name, partial(_put_back, amounts))
            except (ApiError, StoreClosed) as error:
                _logger.warning(
                    "quota %s/%s keeps what a failed write took until it is recounted: %s", namespace, name, error
                )

    async def _write(self, namespace: str, name: str, change: Callable[[Object], Object]) -> None:
        resource = self._objects.resource(QUOTAS)
        if resource is not None:
            status = resource.subresources.get("status")
            await self._lifecycle.update(resource, namespace, name, change, WriteOptions(LEDGER), status)


def in_flight(account: Account, name: str, present: Callable[[Charge], Entry | None]) -> Iterator[Mapping[str, Any]]:
    """What is taken of a quota for writes that no object shows yet."""
    for charge in account.in_flight:
        if name in charge.taken and not charge.is_stored(present(charge)):
            yield charge.taken[name]


def _take(quota: Object, demand: Amounts) -> str:
    """Raise what is used by ``demand``; or tell, if it is more than there is, what it is that is exceeded."""
    status = quota.get("status") or {}
    hard, used = read(status.get("hard")), read(status.get("used"))
    demand = only(demand, hard)
    total = plus(used, demand)
    over = [name for name in demand if total[name] > hard[name]]
    if over:
        return (
            f"exceeded quota: {quota['metadata']['name']}, requested: {told(only(demand, over))},"
            f" used: {told(only(used, over))}, limited: {told(only(hard, over))}"
        )
    quota["status"] = {**status, "used": written(total)}
    return ""


def _put_back(amounts: list[Amounts], quota: Object) -> Object:
    status = quota.get("status") or {}
    used = read(status.get("used"))
    for one in amounts:
        used = minus(used, only(one, used))
    quota["status"] = {**status, "used": written(used)}
    return quota
