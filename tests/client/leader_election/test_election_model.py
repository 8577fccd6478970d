"""Several candidates in a simulated world, in which everything goes wrong that may: never do two lead at one time.

Clocks start anywhere and run up to 5 % too slow or too fast; wall clocks stand still. Requests are lost, hang, arrive
long after they were given up, and twice; answers are lost or late; whoever leads is cut off for a while. Processes
stand still for up to 2 seconds, are told to end at any time, and lead for up to 1 second after they were told to end.
Given the settings (a lease of 15 seconds, a deadline of 10) that must be borne: 10 / 0.95 + 2 + 1 < 15 / 1.05.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.client.leader_election import Election, LeaderElectionConfig, LeaderElectionRecord, Lease, Role
from steersman.client.leader_election.election import AwaitEnd, Command, Event, Finish, Moment, Read, Sleep, Write

CHAOS_SECONDS = 200.0
CALM_SECONDS = 60.0
LEADS = (Role.LEADING, Role.DRAINING, Role.STOPPING)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Weather(Enum):
    """How it is between one candidate and the server for a while."""

    FAIR = auto()
    CUT_OFF = auto()
    UNHEARD = auto()  # no answer comes back
    SLOW = auto()


@dataclass
class World:
    random: Random
    fault_rate: float
    now: float = 0.0
    lease: Lease | None = None
    leading: "set[Candidate]" = field(default_factory=set)
    terms: list[int] = field(default_factory=list)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def fault(self) -> bool:
        return self.now < CHAOS_SECONDS and self.random.random() < self.fault_rate

    @property
    def version(self) -> str:
        return self.lease.resource_version if self.lease is not None else ""

    def at(self, time: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (max(time, self.now), next(self._count), act))

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            self.now, _, act = heapq.heappop(self._due)
            act()

    def delay(self) -> float:
        if self.fault():
            return self.random.choice([0.5, 3.0, 9.0, 20.0, 60.0])
        return self.random.uniform(0.001, 0.05)

    def serve(self, command: Read | Write) -> Lease | Event:
        """What the server does at this moment."""
        if isinstance(command, Read):
            return self.lease or Event.MISSING
        if self.version != (command.lease.resource_version if command.lease is not None else ""):
            return Event.REFUSED
        if self.lease is None or command.record != self.lease.record:
            self.lease = Lease(command.record, {"metadata": {"resourceVersion": str(int(self.version or 0) + 1)}})
        return self.lease

    def send(self, command: Read | Write, weather: "Weather", answer: Callable[[Lease | Event], None]) -> None:
        if self.fault() or weather is Weather.CUT_OFF:
            return  # lost on the way

        def arrive(again: bool) -> None:
            came = self.serve(command)
            if not again and not self.fault() and weather is not Weather.UNHEARD:
                late = self.random.uniform(4.0, 4.9) if weather is Weather.SLOW else 0.0
                self.at(self.now + late + self.delay(), lambda: answer(came))

        self.at(self.now + self.delay(), lambda: arrive(False))
        if self.fault():
            self.at(self.now + self.delay(), lambda: arrive(True))


class Candidate:
    def __init__(self, world: World, name: str, rate: float, wall_stands: bool) -> None:
        self.world, self.name, self.rate, self.wall_stands = world, name, rate, wall_stands
        self.offset = world.random.uniform(0, 1e6)
        self.config = LeaderElectionConfig(name="l", namespace="n", identity=name, retry_period=1.0)
        self.paused_until = 0.0
        self.steps = 0
        self.weather = Weather.FAIR
        self.stand()

    def storm(self) -> None:
        """Renewals are confirmed late, then none gets through for longer than the lease."""
        random = self.world.random
        start = self.world.now + random.uniform(4, 8)
        self.weather = random.choice([Weather.SLOW, Weather.FAIR])
        self.world.at(start, lambda: self.change_weather(random.choice([Weather.CUT_OFF, Weather.UNHEARD])))
        self.world.at(start + random.uniform(8, 30), lambda: self.change_weather(Weather.FAIR))

    def change_weather(self, weather: Weather) -> None:
        self.weather = weather

    def moment(self) -> Moment:
        local = self.offset + self.world.now * self.rate
        return Moment(local, EPOCH if self.wall_stands else EPOCH + timedelta(seconds=local))

    def true_time(self, local: float) -> float:
        return (local - self.offset) / self.rate

    def stand(self) -> None:
        self.election = Election(self.config, lambda: self.world.random.choice([0.0, 0.0, 0.5, 1.0]))
        self.do(self.election.start(self.moment()))

    def when_awake(self, act: Callable[[], None]) -> None:
        """Now, unless the process stands still, or does so from now on."""
        if self.world.fault() and self.world.now > self.paused_until + 15:
            self.paused_until = self.world.now + self.world.random.uniform(0, 2.0)
        if self.world.now < self.paused_until:
            self.world.at(self.paused_until, act)
        else:
            act()

    def happen(self, event: Event | Lease, step: int) -> None:
        """``event`` is what came of the command of ``step``; it is of no interest once another was given."""

        def act() -> None:
            if step == self.steps:
                self.handle(event)

        self.when_awake(act)

    def handle(self, event: Event | Lease) -> None:
        before = self.election.role
        command = self.election.handle(event, self.moment())
        role = self.election.role
        if role is Role.LEADING and before is not role:
            self.begin_to_lead()
        if role in (Role.DRAINING, Role.STOPPING) and before is Role.LEADING:
            self.end_leading_after(self.world.random.choice([0.0, 0.5, 1.0]), self.election)
        self.do(command)

    def begin_to_lead(self) -> None:
        assert not self.world.leading
        assert self.election.term is not None
        self.world.leading.add(self)
        self.world.terms.append(self.election.term.record.leader_transitions)
        if self.world.now < CHAOS_SECONDS and self.world.random.random() < 0.1:
            self.end_leading_after(self.world.random.uniform(0, 30), self.election)

    def end_leading_after(self, seconds: float, term: Election) -> None:
        def act() -> None:
            if self.election is term and self in self.world.leading:
                self.world.leading.remove(self)
                self.handle(Event.LEAD_ENDED)

        self.world.at(self.world.now + seconds, lambda: self.when_awake(act))

    def cancel(self) -> None:
        if self.election.role is not Role.ENDED:
            self.when_awake(lambda: self.handle(Event.CANCELLED) if self.election.role is not Role.ENDED else None)

    def do(self, command: Command) -> None:
        self.steps += 1
        step = self.steps
        if isinstance(command, Finish):
            assert self not in self.world.leading
            self.world.at(self.world.now + self.world.random.uniform(0, 5), self.stand)
            return
        over = Event.ELAPSED if isinstance(command, Sleep | AwaitEnd) else Event.UNANSWERED
        self.world.at(self.true_time(command.until), lambda: self.happen(over, step))
        if isinstance(command, Read | Write):
            self.world.send(command, self.weather, lambda event: self.happen(event, step))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rates=st.lists(st.sampled_from([0.95, 1.0, 1.05]), min_size=2, max_size=4),
    fault_rate=st.sampled_from([0.0, 0.01, 0.03, 0.1, 0.3, 0.6]),
    wall_stands=st.booleans(),
    cancels=st.lists(st.tuples(st.floats(0, CHAOS_SECONDS), st.integers(0, 3)), max_size=10),
)
def test_never_do_two_lead_and_in_the_end_one_does(
    seed: int, rates: list[float], fault_rate: float, wall_stands: bool, cancels: list[tuple[float, int]]
) -> None:
    world = World(Random(seed), fault_rate)
    candidates = [Candidate(world, f"c{at}", rate, wall_stands) for at, rate in enumerate(rates)]
    for time, at in cancels:
        world.at(time, candidates[at % len(candidates)].cancel)
    world.at(10, lambda: brew_storms(world, candidates))

    world.run(CHAOS_SECONDS + CALM_SECONDS)

    assert len(world.leading) == 1
    assert world.terms == sorted(set(world.terms)), "fencing tokens grow with each term"


def brew_storms(world: World, candidates: list[Candidate]) -> None:
    """Now and then over who leads, now and then over anybody."""
    for candidate in world.leading or candidates[:1]:
        candidate.storm()
    if world.now < CHAOS_SECONDS - 80:
        world.at(world.now + world.random.uniform(20, 60), lambda: brew_storms(world, candidates))


def test_the_record_as_another_client_wrote_it_is_understood() -> None:
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}
    assert LeaderElectionRecord.of(spec) == LeaderElectionRecord("a", 15, None, EPOCH, 0)
