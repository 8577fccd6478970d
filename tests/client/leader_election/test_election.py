"""Single steps of an election that the model seldom or never gets to, for they take more than it assumes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steersman.client.leader_election import Election, LeaderElectionConfig, LeaderElectionRecord, Lease, Outcome, Role
from steersman.client.leader_election.election import AwaitEnd, Event, Finish, Moment, Read, Sleep, Write

CONFIG = LeaderElectionConfig(name="l", namespace="n", identity="me")
START = datetime(2026, 1, 1, tzinfo=UTC)


def at(clock: float) -> Moment:
    return Moment(clock, START + timedelta(seconds=clock))


def lease(holder: str, version: int = 1, transitions: int = 4, duration: int = 15) -> Lease:
    record = LeaderElectionRecord(holder, duration, START, START, transitions)
    return Lease(record, {"metadata": {"resourceVersion": str(version)}})


def written(election: Election, version: int) -> Lease:
    """The lease after the write that is under way."""
    assert isinstance(election.command, Write)
    return Lease(election.command.record, {"metadata": {"resourceVersion": str(version)}})


def leading(config: LeaderElectionConfig = CONFIG) -> Election:
    """Since the time 0."""
    election = Election(config, lambda: 0.0)
    election.start(at(0))
    election.handle(lease("", 1), at(0))
    election.handle(written(election, 2), at(0))
    assert election.role is Role.LEADING
    return election


@pytest.mark.parametrize(
    ("found", "seconds", "is_taken"),
    [
        (lease(""), 0, True),
        (lease("me"), 0, True),
        (lease("other"), 0, False),
        (lease("other"), 14.9, False),
        (lease("other"), 15, True),
        (lease("other", duration=60), 59, False),
        (lease("other", duration=60), 60, True),
        (lease("other", duration=0), 0, True),
    ],
)
def test_a_lease_is_taken_if_it_is_nobodys_or_has_not_changed_for_its_duration(
    found: Lease, seconds: float, is_taken: bool
) -> None:
    election = Election(CONFIG, lambda: 0.0)
    election.start(at(100))
    if seconds:
        assert isinstance(election.handle(found, at(100)), Sleep)
        election.handle(Event.ELAPSED, at(100 + seconds))
    command = election.handle(found, at(100 + seconds))

    assert isinstance(command, Write) == is_taken
    if isinstance(command, Write):
        assert command.lease == found
        assert command.record.holder_identity == "me"
        assert command.record.leader_transitions == 5
        assert command.record.acquire_time == command.record.renew_time


def test_a_lease_that_changed_is_waited_for_from_then_on() -> None:
    election = Election(CONFIG, lambda: 0.0)
    election.start(at(0))
    for second in (0, 14):
        renewed = lease("other", version=second)
        renewed = replace(renewed, record=replace(renewed.record, renew_time=at(second).wall))
        election.handle(renewed, at(second))
        election.handle(Event.ELAPSED, at(second + 2))

    assert isinstance(election.handle(renewed, at(20)), Sleep)


def test_an_acquisition_that_took_longer_than_the_deadline_is_not_led_on() -> None:
    election = Election(CONFIG, lambda: 0.0)
    election.start(at(0))
    election.handle(lease(""), at(0))
    command = election.handle(written(election, 2), at(10))

    assert isinstance(command, Read)
    assert election.role is Role.FOLLOWING


def test_the_deadline_is_counted_from_before_the_renewal_was_sent() -> None:
    election = leading()
    election.handle(Event.ELAPSED, at(2))
    election.handle(written(election, 3), at(6))

    assert (election.deadline, election.lease_end) == (12, 17)


@pytest.mark.parametrize("event", [Event.UNANSWERED, Event.REFUSED, Event.MISSING])
def test_at_the_deadline_leading_has_until_the_leases_end_to_end(event: Event) -> None:
    election = leading()
    election.handle(Event.ELAPSED, at(2))

    assert election.handle(event, at(10)) == AwaitEnd(15)
    assert election.role is Role.STOPPING


def test_after_a_long_pause_leading_still_gets_time_to_end() -> None:
    election = leading()

    assert election.handle(Event.ELAPSED, at(1000)) == AwaitEnd(1002)
    assert election.handle(Event.ELAPSED, at(1002)) == Finish(Outcome.OVERRAN)


def test_a_renewal_that_was_refused_is_looked_into_once_and_then_waited_with() -> None:
    election = leading()
    election.handle(Event.ELAPSED, at(2))
    assert isinstance(election.handle(Event.REFUSED, at(2)), Read)
    assert isinstance(election.handle(lease("me", 7), at(2)), Write)
    assert election.handle(Event.REFUSED, at(2)) == Sleep(4)


def test_what_others_hold_is_not_released() -> None:
    election = leading()
    election.handle(Event.ELAPSED, at(2))
    election.handle(Event.REFUSED, at(2))
    election.handle(lease("other", 7), at(2))

    assert election.handle(Event.LEAD_ENDED, at(3)) == Finish(Outcome.LOST)


@pytest.mark.parametrize(
    ("event", "expected"),
    [(Event.UNANSWERED, Finish), (Event.CANCELLED, Finish), (Event.MISSING, Finish), (Event.REFUSED, Read)],
)
def test_a_release_is_tried_again_only_if_it_was_refused(event: Event, expected: type) -> None:
    election = leading()
    command = election.handle(Event.LEAD_ENDED, at(1))
    assert isinstance(command, Write)
    assert (command.record.holder_identity, command.record.lease_duration_seconds) == ("", 1)

    assert isinstance(election.handle(event, at(1)), expected)


def test_without_release_the_lease_is_left_to_expire() -> None:
    election = leading(replace(CONFIG, release_on_cancel=False))

    assert election.handle(Event.LEAD_ENDED, at(1)) == Finish(Outcome.DONE)


def test_a_renewal_under_way_when_leading_ends_is_found_out_about_before_the_release() -> None:
    election = leading()
    election.handle(Event.ELAPSED, at(2))
    assert isinstance(election.handle(Event.LEAD_ENDED, at(2)), Read)
    command = election.handle(lease("me", 9), at(2))

    assert isinstance(command, Write)
    assert command.lease == lease("me", 9)
    assert command.record.holder_identity == ""
