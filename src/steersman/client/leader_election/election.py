"""The rules of a leader election, as one candidate follows them: a state machine without clock, network or tasks.

An :class:`Election` says what is to be done next (a command); whoever does it says what came of it (an event) and when.
One command is under way at a time, and each has a time at which it is cut, whatever the network does.

What it rests on:

- Others take a lease only when they have not seen it change for its whole duration, counted on their own clock from
  when they saw it change; times that are written on it are never compared with a clock. So a leader whose renewal was
  *sent* at ``t`` has the lease until ``t + lease_duration`` at least, be its renewal's answer lost or late.
- The leader ends leading at ``t + renew_deadline`` of the last renewal that it knows to have succeeded.
- Each write replaces the exact lease that was read or written before (compare-and-swap on resourceVersion). A request
  that was given up and arrives at the server after all can thus do no harm after anybody else's.
- The lease is released after leading has ended, not before.

Each term of leadership is a transition, also if it is the same identity's as the one before: ``leaseTransitions`` grows
with each, and can be used as a fencing token. Nobody but the candidates may write or delete the lease.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from steersman.client.leader_election.config import JITTER_FACTOR, LeaderElectionConfig
from steersman.client.leader_election.lease import LeaderElectionRecord, Lease


class Moment(NamedTuple):
    """Now: in seconds on the candidate's own clock, which does not go back, and on its wall clock (for the record)."""

    clock: float
    wall: datetime


class Role(Enum):
    """Where a candidate stands. It leads, or may still do so, as a LEADING, DRAINING or STOPPING one."""

    FOLLOWING = auto()
    LEADING = auto()
    DRAINING = auto()
    """Told to end while leading: the lease is kept until leading has ended."""
    STOPPING = auto()
    """The lease can be kept no longer: leading has to end before its duration is over."""
    RELEASING = auto()
    """Leading has ended: the lease is given to whoever wants it."""
    ENDED = auto()


class Outcome(Enum):
    """How it ended."""

    DONE = auto()
    """It was cancelled, or leading ended by itself."""
    LOST = auto()
    """The lease could not be renewed in time, or is another's; leading has ended in time."""
    OVERRAN = auto()
    """Leading did not end in time: from now on another may lead beside it."""


@dataclass(frozen=True, slots=True)
class Read:
    """Get the lease; cut it at ``until``. Leads to Found, Missing or Unanswered."""

    until: float


@dataclass(frozen=True, slots=True)
class Write:
    """Replace ``lease`` (None: create it); cut it at ``until``. Leads to Written, Refused, Missing or Unanswered."""

    lease: Lease | None
    record: LeaderElectionRecord
    until: float
    sent: float
    """When the command was given, which is before the request is sent."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Do nothing until then. Leads to Elapsed."""

    until: float


@dataclass(frozen=True, slots=True)
class AwaitEnd:
    """Wait until leading, which has been cancelled, has ended; at ``until`` this leads to Elapsed."""

    until: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Do nothing any more."""

    outcome: Outcome


Command = Read | Write | Sleep | AwaitEnd | Finish


class Event(Enum):
    """What came of a command, or what came in between: LEAD_ENDED, CANCELLED."""

    FOUND = auto()
    WRITTEN = auto()
    MISSING = auto()
    """There is no lease: a write was surely not done."""
    REFUSED = auto()
    """The lease is no longer what the write meant to replace: it was surely not done."""
    UNANSWERED = auto()
    """Nothing is known of what the server did, or it failed."""
    ELAPSED = auto()
    LEAD_ENDED = auto()
    CANCELLED = auto()


_SURELY_NOT_DONE = (Event.MISSING, Event.REFUSED)


class Election:
    """One candidate, from its first look at the lease to the end of its only term.

    ``random`` gives numbers from 0 to 1, for the jitter between candidates.
    """

    def __init__(self, config: LeaderElectionConfig, random: Callable[[], float]) -> None:
        self._config = config
        self._random = random
        self.role = Role.FOLLOWING
        self.command: Command
        """What is under way."""
        self.observed: Lease | None = None
        """The lease as it was last seen."""
        self.term: Lease | None = None
        """The lease as it was when this candidate's term began."""
        self._observed_at = 0.0
        self._renewed_at = 0.0
        self._fresh = False  # whether the write under way replaces what was just read
        self._in_doubt = False  # whether a write of ours may have been done without our knowing
        self._outcome = Outcome.DONE

    @property
    def deadline(self) -> float:
        """When leading has to begin to end, unless the lease is renewed before."""
        return self._renewed_at + self._config.renew_deadline

    @property
    def lease_end(self) -> float:
        """When others may take the lease, at the earliest."""
        return self._renewed_at + self._config.lease_seconds

    @property
    def holder(self) -> str:
        """Whom the lease was last seen to be held by; the empty string for nobody."""
        return self.observed.record.holder_identity if self.observed is not None else ""

    def start(self, at: Moment) -> Command:
        """The first command."""
        self.command = self._read(at)
        return self.command

    def handle(self, event: Event | Lease, at: Moment) -> Command:
        """The next command. A Lease is what was found by a Read, or what a Write has written."""
        writing = isinstance(self.command, Write)
        if isinstance(event, Lease):
            self._observe(event, at)
            event = Event.WRITTEN if writing else Event.FOUND
        elif writing and event not in _SURELY_NOT_DONE:
            self._in_doubt = True
        self.command = _TABLE[self.role, event](self, at)
        return self.command

    def _observe(self, lease: Lease, at: Moment) -> None:
        if self.observed is None or self.observed.record != lease.record:
            self._observed_at = at.clock
        self.observed = lease

    # Looking

    def _read(self, at: Moment) -> Command:
        return Read(self._request_end(at))

    def _retry(self, at: Moment) -> Command:
        """Wait before the next try: a leader for the retry period, others with jitter as well."""
        period = self._config.retry_period
        self._fresh = False
        if self.role is Role.FOLLOWING:
            return Sleep(at.clock + period * (1 + JITTER_FACTOR * self._random()))
        return Sleep(min(at.clock + period, self.deadline))

    def _request_end(self, at: Moment) -> float:
        end = at.clock + self._config.request_timeout
        return min(end, self.deadline) if self.role in _HOLDING else end

    # Following

    def _consider(self, at: Moment) -> Command:
        """Take a lease that is nobody's, our own, or has not changed for its duration."""
        assert self.observed is not None
        record = self.observed.record
        expired = at.clock >= self._observed_at + record.lease_duration_seconds
        if record.holder_identity not in ("", self._config.identity) and not expired:
            return self._retry(at)
        return self._write(self._record(at, at.wall, record.leader_transitions + 1), at)

    def _create(self, at: Moment) -> Command:
        """There is no lease: nobody holds it. A leader whose lease was deleted keeps its term."""
        lead = self.term.record if self.term is not None else None
        self.observed = None
        acquired, transitions = (at.wall, 0) if lead is None else (lead.acquire_time, lead.leader_transitions)
        return self._write(self._record(at, acquired, transitions), at)

    def _begin_term(self, at: Moment) -> Command:
        """The lease is ours, unless that took so long that it would have to be given up at once."""
        assert isinstance(self.command, Write)
        if at.clock >= self.command.sent + self._config.renew_deadline:
            return self._read(at)
        self.role = Role.LEADING
        self.term = self.observed
        return self._renewed(at)

    def _leave(self, at: Moment) -> Command:
        """Cancelled without leading: release the lease only if it was perhaps acquired, without an answer yet."""
        if not self._in_doubt:
            return self._finish(at)
        return self._release(at)

    # Leading

    def _renew(self, at: Moment) -> Command:
        if at.clock >= self.deadline:
            return self._lose(at)
        if self.observed is None:
            return self._read(at)
        last = self.observed.record
        return self._write(self._record(at, last.acquire_time, last.leader_transitions), at)

    def _renewed(self, at: Moment) -> Command:
        assert isinstance(self.command, Write)
        self._renewed_at = max(self._renewed_at, self.command.sent)
        self._in_doubt = False
        return self._lose(at) if at.clock >= self.deadline else self._retry(at)

    def _found(self, at: Moment) -> Command:
        """After a refused renewal: it was an earlier one of ours that was done without our knowing, or another's."""
        if self.holder != self._config.identity:
            self._in_doubt = False
            return self._lose(at)
        self._fresh = True
        return self._renew(at)

    def _refused(self, at: Moment) -> Command:
        if at.clock >= self.deadline:
            return self._lose(at)
        return self._retry(at) if self._fresh else self._read(at)

    def _missing(self, at: Moment) -> Command:
        return self._lose(at) if at.clock >= self.deadline else self._create(at)

    def _unanswered(self, at: Moment) -> Command:
        return self._lose(at) if at.clock >= self.deadline else self._retry(at)

    def _drain(self, at: Moment) -> Command:
        self.role = Role.DRAINING
        return self._renew(at)

    def _lose(self, at: Moment) -> Command:
        self._outcome = Outcome.LOST if self.role is Role.LEADING else self._outcome
        self.role = Role.STOPPING
        return self._await_end(at)

    # Ending

    def _await_end(self, at: Moment) -> Command:
        """Until the lease's end; where that is over, after a pause of the process, some time to end is left to it."""
        return AwaitEnd(max(self.lease_end, at.clock + self._config.retry_period))

    def _overrun(self, at: Moment) -> Command:
        self._outcome = Outcome.OVERRAN
        return self._finish(at)

    def _release(self, at: Moment) -> Command:
        """Write at once if the lease is as we know it; look first if it may not be."""
        self.role = Role.RELEASING
        if not self._config.release_on_cancel:
            return self._finish(at)
        return self._read(at) if self._in_doubt else self._release_own(at)

    def _release_own(self, at: Moment) -> Command:
        if self.observed is None or self.holder != self._config.identity:
            return self._finish(at)
        last = self.observed.record
        return self._write(LeaderElectionRecord("", 1, at.wall, at.wall, last.leader_transitions), at)

    def _released(self, at: Moment) -> Command:
        return self._finish(at)

    def _finish(self, at: Moment) -> Command:
        self.role = Role.ENDED
        return Finish(self._outcome)

    # Writing

    def _record(self, at: Moment, acquired: datetime | None, transitions: int) -> LeaderElectionRecord:
        config = self._config
        return LeaderElectionRecord(config.identity, config.lease_seconds, acquired, at.wall, transitions)

    def _write(self, record: LeaderElectionRecord, at: Moment) -> Command:
        """A renewal has a later time than the last, also if the wall clock stands or goes back: others must see it."""
        last = self.observed.record if self.observed is not None else None
        if last and last.renew_time and last.holder_identity == record.holder_identity:
            record = replace(record, renew_time=max(at.wall, last.renew_time + timedelta(microseconds=1)))
        return Write(self.observed, record, self._request_end(at), at.clock)


_HOLDING = (Role.LEADING, Role.DRAINING)

_Handler = Callable[[Election, Moment], Command]

_LEAD: dict[Event, _Handler] = {
    Event.ELAPSED: Election._renew,
    Event.WRITTEN: Election._renewed,
    Event.REFUSED: Election._refused,
    Event.FOUND: Election._found,
    Event.MISSING: Election._missing,
    Event.UNANSWERED: Election._unanswered,
    Event.LEAD_ENDED: Election._release,
    Event.CANCELLED: Election._drain,
}

_ROLES: dict[Role, dict[Event, _Handler]] = {
    Role.FOLLOWING: {
        Event.ELAPSED: Election._read,
        Event.FOUND: Election._consider,
        Event.MISSING: Election._create,
        Event.WRITTEN: Election._begin_term,
        Event.REFUSED: Election._retry,
        Event.UNANSWERED: Election._retry,
        Event.CANCELLED: Election._leave,
    },
    Role.LEADING: _LEAD,
    Role.DRAINING: _LEAD,
    Role.STOPPING: {
        Event.LEAD_ENDED: Election._release,
        Event.ELAPSED: Election._overrun,
        Event.CANCELLED: Election._await_end,
    },
    Role.RELEASING: {
        Event.FOUND: Election._release_own,
        Event.REFUSED: Election._read,
        Event.MISSING: Election._released,
        Event.WRITTEN: Election._released,
        Event.UNANSWERED: Election._released,
        Event.CANCELLED: Election._released,
    },
}

_TABLE: dict[tuple[Role, Event], _Handler] = {
    (role, event): handler for role, handlers in _ROLES.items() for event, handler in handlers.items()
}
