"""The elector: does what the rules of the election say, and runs the leader's task while it leads."""

import asyncio
import logging
import random as random_numbers
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ParamSpec

from steersman.apimachinery.errors import ApiError
from steersman.client.client import Client
from steersman.client.leader_election.config import LeaderElectionConfig
from steersman.client.leader_election.election import (
    AwaitEnd,
    Election,
    Event,
    Finish,
    Moment,
    Outcome,
    Read,
    Role,
    Sleep,
    Write,
)
from steersman.client.leader_election.lease import Lease
from steersman.client.leader_election.lease_lock import LeaseLock

P = ParamSpec("P")

_log = logging.getLogger(__name__)


class LeadershipLost(Exception):
    """The lease could not be renewed in time, or another holds it; leading had ended before another could lead."""


class LeadOverran(LeadershipLost):
    """Leading was told to end and did not, and others may lead by now: end the process."""


class LeaseExpired(Exception):
    """This process leads although its lease is over: what a health check reports, so that the process is ended."""


@dataclass(frozen=True, slots=True)
class Leadership:
    """A term of leadership, for whoever leads.

    ``fencing_token`` is greater than that of all terms before, while the lease is not deleted: send it with what is
    done outside of the cluster, where a lesser one than the last seen can be refused. ``resource_version`` is that of
    the lease when the term began. ``held()`` tells whether the lease is held still, also after the process has stood
    still and before the task was cancelled for it.
    """

    identity: str
    fencing_token: int
    resource_version: str
    held: Callable[[], bool]


Lead = Callable[[Leadership], Awaitable[None]]
"""Leads for a term; cancelled at its end."""


def boot_time() -> float:
    """Seconds on a clock that does not go back, and goes on while the machine is suspended, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class LeaderElector:
    """One candidate for leadership, as ``config`` says; client-go's LeaderElector.

    ``clock`` is in seconds and does not go back; ``wall_clock`` is only written on the lease, for people.
    """

    def __init__(
        self,
        client: Client,
        config: LeaderElectionConfig,
        *,
        clock: Callable[[], float] = boot_time,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.config = config
        self._lock = LeaseLock(client, config.namespace, config.name)
        self._clock, self._wall_clock, self._random = clock, wall_clock, random
        self._election: Election | None = None
        self._lead: asyncio.Task[None] | None = None
        self._stopped_leading = True
        self._cut: set[asyncio.Task[Event | Lease]] = set()
        self._reported_leader = ""

    @property
    def is_leader(self) -> bool:
        """Whether this candidate leads now, and has its lease."""
        election = self._election
        return (
            election is not None
            and election.role in (Role.LEADING, Role.DRAINING)
            and self._clock() < election.deadline
        )

    @property
    def leader_identity(self) -> str:
        """Who was last seen to hold the lease; the empty string for nobody."""
        return self._election.holder if self._election is not None else ""

    def check(self, max_tolerable_expired: float = 0.0) -> None:
        """For a health check: raise LeaseExpired if leading goes on this many seconds after the lease's end."""
        if self._election is None or self._lead is None or self._lead.done():
            return
        if self._clock() > self._election.lease_end + max_tolerable_expired:
            raise LeaseExpired(f"failed election to renew leadership on lease {self.config.name}")

    async def run(self, lead: Lead) -> None:
        """Wait for leadership, then run ``lead`` as a task while it lasts. Ends when ``lead`` has ended, or on cancel.

        If the lease is lost, ``lead`` is cancelled, at the renew deadline if not before, and has until the lease's end
        to end. Then LeadershipLost is raised, or LeadOverran if ``lead`` has not ended: it is left running, for nothing
        more can be done to it than to end the process. On cancel ``lead`` is cancelled as well, and the lease is kept
        until it has ended. An exception of ``lead`` is raised, once the lease has been released.

        Raises RuntimeError if the elector runs already, or the ``lead`` of the last time does still.
        """
        if self.is_running:
            raise RuntimeError(f"the elector for {self._place} runs already")
        election = self._election = Election(self.config, self._random)
        self._lead = None
        cancelled = None
        command = election.start(self._moment())
        while not isinstance(command, Finish):
            role = election.role
            try:
                event = await self._perform(command)
            except asyncio.CancelledError as error:
                cancelled = error
                event = Event.CANCELLED
            if event is Event.LEAD_ENDED:
                self._stopped()
            command = election.handle(event, self._moment())
            self._follow(election, role, lead)
        await self._end(command.outcome, cancelled)

    @property
    def is_running(self) -> bool:
        """Whether :meth:`run` has not ended, or has left its ``lead`` running."""
        if self._lead is not None and not self._lead.done():
            return True
        return self._election is not None and self._election.role is not Role.ENDED

    # Commands

    async def _perform(self, command: Read | Write | Sleep | AwaitEnd) -> Event | Lease:
        """What came of ``command``, or in between. A request that is under way by then is cut, and not waited for."""
        request = self._request(command) if isinstance(command, Read | Write) else None
        lead = self._lead if self._lead is not None and not self._stopped_leading else None
        awaited = [task for task in (request, lead) if task is not None]
        try:
            await _first(awaited, max(0.0, command.until - self._clock()))
            if lead is not None and lead.done():
                return Event.LEAD_ENDED
            if request is None:
                return Event.ELAPSED
            return request.result() if request.done() else self._failed(TimeoutError("the request took too long"))
        finally:
            if request is not None:
                request.cancel()

    def _request(self, command: Read | Write) -> "asyncio.Task[Event | Lease]":
        request = asyncio.create_task(self._answer(command))
        self._cut.add(request)
        request.add_done_callback(self._cut.discard)
        return request

    async def _answer(self, command: Read | Write) -> Event | Lease:
        try:
            if isinstance(command, Read):
                return await self._lock.get() or Event.MISSING
            if command.lease is None:
                return await self._lock.create(command.record)
            return await self._lock.update(command.lease, command.record)
        except ApiError as error:
            if error.code == 409:
                return Event.REFUSED
            if error.code == 404 and isinstance(command, Write) and command.lease is not None:
                return Event.MISSING
            return self._failed(error)
        except Exception as error:  # whatever it is: leading has to end in time
            return self._failed(error)

    def _failed(self, error: Exception) -> Event:
        _log.warning("leader election on %s: %s", self._place, str(error) or type(error).__name__)
        return Event.UNANSWERED

    # The leader's task

    def _follow(self, election: Election, before: Role, lead: Lead) -> None:
        """Start the task or cancel it, and tell who leads, as the election now stands."""
        if election.holder and election.holder != self._reported_leader:
            self._reported_leader = election.holder
            self._call(self.config.on_new_leader, election.holder)
        if election.role is before:
            return
        if election.role is Role.LEADING:
            self._start(election, lead)
        elif election.role in (Role.DRAINING, Role.STOPPING) and self._lead is not None:
            self._lead.cancel()

    def _start(self, election: Election, lead: Lead) -> None:
        assert election.term is not None
        token, version = election.term.record.leader_transitions, election.term.resource_version
        leadership = Leadership(self.config.identity, token, version, lambda: self.is_leader)
        _log.info("%s leads %s, term %d", self.config.identity, self._place, token)
        self._lead = asyncio.create_task(_led(lead, leadership), name=f"leading {self._place}")
        self._stopped_leading = False
        self._call(self.config.on_started)

    def _stopped(self) -> None:
        self._stopped_leading = True
        _log.info("%s no longer leads %s", self.config.identity, self._place)
        self._call(self.config.on_stopped)

    async def _end(self, outcome: Outcome, cancelled: asyncio.CancelledError | None) -> None:
        if self._cut:
            await asyncio.wait(self._cut, timeout=self.config.retry_period)
        lead = self._lead
        error = lead.exception() if lead is not None and lead.done() and not lead.cancelled() else None
        if outcome is Outcome.OVERRAN and lead is not None:
            lead.cancel()
            _log.critical("%s goes on leading %s, and others may lead too", self.config.identity, self._place)
        if cancelled is not None:
            if error is not None:
                _log.error("leading %s failed when it was cancelled", self._place, exc_info=error)
            raise cancelled
        if outcome is not Outcome.DONE:
            failure = _FAILURES[outcome]
            raise failure(f"{self.config.identity} lost the lease {self._place}{_BECAUSE[outcome]}") from error
        if error is not None:
            raise error

    def _call(self, hook: Callable[P, None] | None, *args: P.args, **kwargs: P.kwargs) -> None:
        if hook is None:
            return
        try:
            hook(*args, **kwargs)
        except Exception:
            _log.exception("a hook of the leader election on %s failed", self._place)

    def _moment(self) -> Moment:
        return Moment(self._clock(), self._wall_clock())

    @property
    def _place(self) -> str:
        return f"{self.config.namespace}/{self.config.name}"


async def _led(lead: Lead, leadership: Leadership) -> None:
    await lead(leadership)


async def _first(tasks: "list[asyncio.Task[Any]]", seconds: float) -> None:
    """Wait until one of ``tasks`` is done, but no longer than ``seconds``."""
    if tasks:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(seconds)


_FAILURES: Mapping[Outcome, type[LeadershipLost]] = {Outcome.LOST: LeadershipLost, Outcome.OVERRAN: LeadOverran}
_BECAUSE: Mapping[Outcome, str] = {Outcome.LOST: "", Outcome.OVERRAN: ", and its leading did not end in time"}
