"""Electors against a control plane in the same process, in time that does not have to be waited for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.client.leader_election.unreliable import UnreliableTransport, unreliable
from tests.client.work_queue.virtual_time import clock, others, run, started

from steersman.client.client import Client
from steersman.client.leader_election import (
    LEASES,
    LeaderElectionConfig,
    LeaderElector,
    Leadership,
    LeadershipLost,
    LeadOverran,
    LeaseExpired,
)
from steersman.controlplane import ControlPlane


class Candidate:
    """An elector, its way to the server, and what its leading was seen to do."""

    def __init__(self, client: Client, way: UnreliableTransport, identity: str, journal: list[str]) -> None:
        self.client, self.way, self.identity, self.journal = client, way, identity, journal
        self.term: Leadership | None = None
        self.takes_to_end = self.ended_at = 0.0
        self.lead_until: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        config = LeaderElectionConfig(
            name="lock",
            namespace="default",
            identity=identity,
            on_started=lambda: self.note("started"),
            on_stopped=lambda: self.note("stopped"),
            on_new_leader=lambda leader: self.note(f"sees {leader}"),
        )
        self.elector = LeaderElector(client, config, clock=clock, random=lambda: 0.0)
        self.running = started(self.elector.run(self.lead))

    def note(self, what: str) -> None:
        self.journal.append(f"{self.identity} {what}")

    async def lead(self, term: Leadership) -> None:
        self.term = term
        self.note("leads")
        try:
            await self.lead_until
        except asyncio.CancelledError:
            if self.takes_to_end:
                self.note("is ending")
                await asyncio.sleep(self.takes_to_end)
            raise
        finally:
            self.note("ended")
            self.ended_at = clock()

    async def lease(self) -> dict[str, Any]:
        return (await self.client.resource(LEASES).get("lock", namespace="default"))["spec"]  # type: ignore[no-any-return]


class Race:
    """Candidates for one lease, in the order in which they were entered."""

    def __init__(self, control_plane: ControlPlane, stack: contextlib.AsyncExitStack) -> None:
        self.control_plane, self.stack = control_plane, stack
        self.journal: list[str] = []

    async def enter(self, identity: str) -> Candidate:
        config, way = unreliable(self.control_plane.client_config())
        client = await self.stack.enter_async_context(Client(config))
        candidate = Candidate(client, way, identity, self.journal)
        self.stack.push_async_callback(self.leave, candidate)
        await until(0.1)
        return candidate

    async def leave(self, candidate: Candidate) -> None:
        candidate.running.cancel()
        await asyncio.gather(candidate.running, return_exceptions=True)

    def told(self, *words: str) -> list[str]:
        """The journal's entries that end with one of ``words``."""
        return [entry for entry in self.journal if entry.split()[-1] in words]


@contextlib.asynccontextmanager
async def race() -> AsyncIterator[Race]:
    async with ControlPlane() as control_plane, contextlib.AsyncExitStack() as stack:
        yield Race(control_plane, stack)


async def until(seconds: float) -> None:
    await asyncio.sleep(seconds)
    await others()


def test_the_first_one_leads_and_renews() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            first = await one.lease()
            two = await entered.enter("two")
            await until(100)
            last = await one.lease()

            assert entered.told("leads") == ["one leads"]
            assert one.elector.is_leader
            assert not two.elector.is_leader
            assert two.elector.leader_identity == one.elector.leader_identity == "one"
            assert (last["holderIdentity"], last["leaseDurationSeconds"], last["leaseTransitions"]) == ("one", 15, 0)
            assert last["acquireTime"] == first["acquireTime"]
            assert last["renewTime"] > first["renewTime"]
            one.elector.check()
            two.elector.check()

    run(scenario)


def test_a_leader_that_is_cancelled_ends_and_releases_and_another_follows_at_once() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one, two, three = [await entered.enter(identity) for identity in ("one", "two", "three")]
            one.running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await one.running
            released = await one.lease()
            await until(2)

            assert (released["holderIdentity"], released["leaseDurationSeconds"]) == ("", 1)
            assert len(entered.told("leads")) == 2
            assert entered.told("leads", "ended", "stopped")[:3] == ["one leads", "one ended", "one stopped"]
            assert two.elector.is_leader != three.elector.is_leader
            assert (await one.lease())["leaseTransitions"] == 1
            second = two.term or three.term
            assert one.term is not None
            assert second is not None
            assert (one.term.fencing_token, second.fencing_token) == (0, 1)
            assert int(one.term.resource_version) < int(second.resource_version)
            assert not one.term.held()
            assert second.held()

    run(scenario)


def test_the_lease_is_kept_until_leading_has_ended() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            await entered.enter("two")
            one.takes_to_end = 100
            one.running.cancel()
            await until(99)
            assert entered.told("leads", "ending", "ended") == ["one leads", "one is ending"]
            await until(5)
            assert entered.told("leads", "ended") == ["one leads", "one ended", "two leads"]

    run(scenario)


@pytest.mark.parametrize("cut", ["requests_pass", "answers_pass"])
def test_a_leader_that_is_cut_off_ends_before_another_leads(cut: str) -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            await entered.enter("two")
            one.takes_to_end = 3
            setattr(one.way, cut, False)
            with pytest.raises(LeadershipLost, match=r"one lost the lease default/lock$"):
                await one.running
            await until(15)

            assert 10 < one.ended_at < 15
            assert entered.told("leads", "ended") == ["one leads", "one ended", "two leads"]
            assert not one.elector.is_leader

    run(scenario)


def test_leading_that_does_not_end_is_given_up_loudly(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            one.takes_to_end = 1000
            one.way.requests_pass = False
            with pytest.raises(LeadOverran, match="its leading did not end in time"):
                await one.running
            assert clock() < 17
            assert not one.elector.is_leader

    run(scenario)
    assert "one goes on leading default/lock, and others may lead too" in caplog.text


def test_an_elector_runs_once_at_a_time() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            with pytest.raises(RuntimeError, match="the elector for default/lock runs already"):
                await one.elector.run(one.lead)

    run(scenario)


def test_a_health_check_fails_where_leading_outlives_the_lease() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            stuck = started(asyncio.sleep(40))

            async def lead(term: Leadership) -> None:
                while not stuck.done():
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.shield(stuck)

            await entered.leave(one)
            elector = LeaderElector(one.client, one.elector.config, clock=clock)
            running = started(elector.run(lead))
            await until(1)
            one.way.requests_pass = False
            with pytest.raises(LeadOverran):
                await running
            await until(2)
            elector.check(10.0)
            with pytest.raises(LeaseExpired, match="failed election to renew leadership on lease lock"):
                elector.check()
            await stuck
            await others()
            elector.check()

    run(scenario)


def test_one_that_returns_releases_the_lease() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            await entered.enter("two")
            one.lead_until.set_result(None)
            await one.running
            await until(2)
            assert entered.told("leads", "ended") == ["one leads", "one ended", "two leads"]

    run(scenario)


def test_an_exception_of_the_leader_is_raised_once_the_lease_is_released() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            one.lead_until.set_exception(LookupError("no"))
            with pytest.raises(LookupError):
                await one.running
            assert (await one.lease())["holderIdentity"] == ""

    run(scenario)


def test_leading_goes_on_after_others_have_written_labels_on_the_lease() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            leases = one.client.resource(LEASES)
            for second in range(30):
                await leases.patch("lock", {"metadata": {"labels": {"a": str(second)}}}, namespace="default")
                await until(1)
            lease = await leases.get("lock", namespace="default")
            assert lease["metadata"]["labels"] == {"a": "29"}
            assert entered.told("leads", "ended") == ["one leads"]

    run(scenario)


def test_a_leader_whose_lease_another_took_by_force_ends() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            thief = {"holderIdentity": "thief", "leaseDurationSeconds": 5}
            await one.client.resource(LEASES).patch("lock", {"spec": thief}, namespace="default")
            with pytest.raises(LeadershipLost):
                await one.running
            assert clock() < 3
            assert (await one.lease())["holderIdentity"] == "thief"
            assert entered.told("thief") == ["one sees thief"]

    run(scenario)


def test_a_leader_whose_lease_is_deleted_writes_it_anew() -> None:
    async def scenario() -> None:
        async with race() as entered:
            one = await entered.enter("one")
            await one.client.resource(LEASES).delete("lock", namespace="default")
            await until(3)
            assert (await one.lease())["holderIdentity"] == "one"
            assert entered.told("leads", "ended") == ["one leads"]

    run(scenario)


def test_a_candidate_that_is_cancelled_while_its_acquisition_is_in_doubt_releases() -> None:
    async def scenario() -> None:
        async with race() as entered:
            waiting = await entered.enter("waiting")
            await entered.leave(waiting)
            unheard = await entered.enter("unheard")
            await entered.leave(unheard)
            unheard.way.answers_pass = True
            elector = LeaderElector(unheard.client, unheard.elector.config, clock=clock)
            writes = len(unheard.way.sent)
            running = started(elector.run(unheard.lead))
            while not any(request.method == "PUT" for request in unheard.way.sent[writes:]):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert (await unheard.lease())["holderIdentity"] == ""

    run(scenario)


def test_a_hook_that_fails_does_not_stop_the_leader(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise LookupError("hook")

    async def scenario() -> None:
        async with race() as entered, Client(entered.control_plane.client_config()) as client:
            config = LeaderElectionConfig(name="lock", namespace="default", identity="a", on_started=fail)
            led: list[Leadership] = []

            async def lead(term: Leadership) -> None:
                led.append(term)

            await LeaderElector(client, config, clock=clock).run(lead)
            assert [term.identity for term in led] == ["a"]

    run(scenario)
    assert "a hook of the leader election on default/lock failed" in caplog.text


async def test_three_electors_by_the_real_clock() -> None:
    async with ControlPlane() as control_plane, Client(control_plane.client_config()) as client:
        leaders: asyncio.Queue[str] = asyncio.Queue()
        running: dict[str, asyncio.Task[None]] = {}
        leading: set[str] = set()
        for identity in ("one", "two", "three"):

            async def lead(term: Leadership) -> None:
                assert not leading
                leading.add(term.identity)
                leaders.put_nowait(term.identity)
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    leading.remove(term.identity)

            config = LeaderElectionConfig(
                name="lock", namespace="default", identity=identity, retry_period=0.05, renew_deadline=0.5
            )
            running[identity] = asyncio.create_task(LeaderElector(client, config).run(lead))
        for _ in range(3):
            leader = running.pop(await leaders.get())
            leader.cancel()
            await asyncio.wait([leader])
        assert not leading
        assert not running
