"""What a reflector asks for, and what it makes of the answers of servers that are old, far away or in trouble."""

import asyncio
import logging
from collections.abc import Iterable

import pytest
from tests.client.informer.scripted_server import (
    EXPIRED,
    FOREVER,
    INTERNAL,
    OLD_TOO_LARGE,
    SILENT,
    THROTTLED,
    TOO_LARGE,
    ScriptedServer,
    Step,
    Watch,
    bookmark,
    config_map,
    error_event,
    event,
    page,
)
from tests.client.work_queue.virtual_time import clock, run

from steersman.apimachinery.errors import ApiError
from steersman.client.cache import CachedObject
from steersman.client.config import CredentialError
from steersman.client.informer import Reflector, Timing
from steersman.client.transport import TransportError

A1, A2, B3 = config_map("a", 1), config_map("a", 2, "new"), config_map("b", 3)
CUT = TransportError("the connection was lost")
Script = list[Exception | bytes | Watch]


class Store:
    """Notes what a reflector tells."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def add(self, obj: CachedObject) -> None:
        self.told.append(f"add {obj.name} @{obj.resource_version}")

    def update(self, obj: CachedObject) -> None:
        self.told.append(f"update {obj.name} @{obj.resource_version}")

    def delete(self, obj: CachedObject) -> None:
        self.told.append(f"delete {obj.name} @{obj.resource_version}")

    def replace(self, objects: Iterable[CachedObject], resource_version: str = "") -> None:
        self.told.append(f"replace {' '.join(obj.name for obj in objects)} @{resource_version}")


class Outcome:
    """What came of a script: requests, what the store was told, pauses in seconds, errors that the handler was told."""

    def __init__(self, script: Script, *, watch_list: bool = False, page_size: int = 0) -> None:
        self.server = ScriptedServer(script, page_size=page_size)
        self.store = Store()
        self.pauses: list[float] = []
        self.errors: list[str] = []
        self.version, self.seconds = "", 0.0
        run(lambda: self._play(watch_list))

    async def _play(self, watch_list: bool) -> None:
        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)
            await asyncio.sleep(seconds)

        reflector = Reflector(
            self.server,
            self.store,
            watch_error_handler=lambda _, error: self.errors.append(str(error)),
            use_watch_list=watch_list,
            timing=Timing(clock, sleep, lambda: 0.0),
        )
        task = asyncio.get_running_loop().create_task(reflector.run())
        await self.server.done.wait()
        await asyncio.sleep(0)
        self.seconds = clock()
        self.version = reflector.last_sync_resource_version
        task.cancel()

    @property
    def requests(self) -> list[str]:
        return self.server.requests


def watch(*steps: Step) -> Watch:
    return Watch(steps)


def streamed(*steps: Step) -> Watch:
    """A streaming list of nothing at version 1, then these."""
    return Watch((bookmark(1, end=True), *steps))


def test_a_streaming_list_is_one_replacement_and_its_watch_goes_on() -> None:
    script: Script = [
        watch(event("ADDED", A1), event("ADDED", B3), bookmark(3, end=True), event("MODIFIED", A2), FOREVER)
    ]
    outcome = Outcome(script, watch_list=True)
    assert outcome.requests == ["watch-list @"]
    assert outcome.store.told == ["replace a b @3", "update a @2"]


def test_initial_events_end_where_the_bookmark_says_so() -> None:
    script: Script = [
        watch(event("ADDED", A1), bookmark(2), event("DELETED", A1), event("ADDED", B3), bookmark(3, end=True))
    ]
    assert Outcome(script, watch_list=True).store.told == ["replace b @3"]


@pytest.mark.parametrize("code", [400, 405, 422])
def test_a_server_that_refuses_streaming_lists_is_not_asked_for_one_again(code: int) -> None:
    refusal = ApiError(code, "Invalid", "sendInitialEvents: Forbidden")
    outcome = Outcome([refusal, page(1, A1), watch(error_event(EXPIRED)), page(5), watch(FOREVER)], watch_list=True)
    assert outcome.requests == ["watch-list @", "list @0 limit 500", "watch @1", "list @1", "watch @5"]
    assert outcome.store.told == ["replace a @1", "replace  @5"]


def test_a_server_that_ignores_the_wish_for_a_streaming_list_is_noticed_by_its_silence() -> None:
    script: Script = [watch(event("ADDED", A1), SILENT), page(1, A1), EXPIRED, page(2), watch(FOREVER)]
    outcome = Outcome(script, watch_list=True)
    assert outcome.requests == ["watch-list @", "list @0 limit 500", "watch @1", "list @1", "watch @2"]
    assert outcome.store.told == ["replace a @1", "replace  @2"]
    assert outcome.seconds == 10.0 + 0.8


@pytest.mark.parametrize("too_large", [TOO_LARGE, OLD_TOO_LARGE, EXPIRED])
def test_a_streaming_list_at_a_version_that_is_not_there_is_one_of_the_latest(too_large: ApiError) -> None:
    latest = watch(event("ADDED", B3), bookmark(5, end=True), FOREVER)
    script: Script = [streamed(error_event(EXPIRED)), too_large, latest]
    outcome = Outcome(script, watch_list=True)
    assert outcome.requests == ["watch-list @", "watch-list @1", "watch-list @"]
    assert outcome.store.told == ["replace  @1", "replace b @5"]


def test_a_streaming_list_that_is_cut_short_changes_nothing() -> None:
    outcome = Outcome([watch(event("ADDED", A1), CUT), page(3, A1, B3), watch(FOREVER)], watch_list=True)
    assert outcome.requests == ["watch-list @", "list @0 limit 500", "watch @3"]
    assert outcome.store.told == ["replace a b @3"]


@pytest.mark.parametrize("failure", [CUT, THROTTLED, TimeoutError(), CredentialError("the token file is gone")])
def test_a_server_that_cannot_be_reached_is_asked_the_same_later(failure: Exception) -> None:
    script: Script = [failure, failure, streamed(CUT), failure, failure, watch(FOREVER)]
    outcome = Outcome(script, watch_list=True)
    assert outcome.requests == ["watch-list @"] * 3 + ["watch @1"] * 3
    assert outcome.pauses == [0.8, 1.6, 3.2, 6.4]
    assert outcome.store.told == ["replace  @1"]


def test_a_watch_is_resumed_from_the_last_version_that_was_seen() -> None:
    script: Script = [
        page(1, A1),
        watch(event("MODIFIED", A2), CUT),
        watch(event("ADDED", B3)),
        watch(event("DELETED", config_map("b", 4)), bookmark(9)),
        watch(FOREVER),
    ]
    outcome = Outcome(script)
    assert outcome.requests == ["list @0 limit 500", "watch @1", "watch @2", "watch @3", "watch @9"]
    assert outcome.store.told == ["replace a @1", "update a @2", "add b @3", "delete b @4"]
    assert (outcome.pauses, outcome.version) == ([], "9")


@pytest.mark.parametrize("cut", [event("ADDED", B3)[:-20], event("ADDED", B3)[:-20] + b"\n", b"<html>\n"])
def test_an_event_that_is_not_json_is_a_cut(cut: bytes) -> None:
    outcome = Outcome([page(1, A1), watch(event("MODIFIED", A2), cut), watch(event("ADDED", B3), FOREVER)])
    assert outcome.requests == ["list @0 limit 500", "watch @1", "watch @2"]
    assert outcome.store.told == ["replace a @1", "update a @2", "add b @3"]


def test_a_watch_that_is_never_json_is_no_fast_loop() -> None:
    script: Script = []
    for _ in range(4):
        script += [page(1, A1), watch(b"<html>\n")]
    outcome = Outcome(script)
    assert outcome.requests == ["list @0 limit 500", "watch @1", *["list @1", "watch @1"] * 3, "list @1"]
    assert outcome.pauses == [0.8, 1.6, 3.2, 6.4]
    assert all("very short watch" in error for error in outcome.errors)


def test_a_watch_that_only_repeats_its_version_is_no_fast_loop() -> None:
    outcome = Outcome([page(1), watch(bookmark(1)), page(1), watch(bookmark(1)), page(1), watch(FOREVER)])
    assert outcome.pauses == [0.8, 1.6]


def test_expired_in_a_watch_is_a_list_not_older_than_what_was_seen() -> None:
    script: Script = [page(1, A1), watch(event("MODIFIED", A2), error_event(EXPIRED)), page(5, B3), watch(FOREVER)]
    outcome = Outcome(script)
    assert outcome.requests == ["list @0 limit 500", "watch @1", "list @2", "watch @5"]
    assert outcome.store.told == ["replace a @1", "update a @2", "replace b @5"]
    assert (outcome.pauses, outcome.errors) == ([0.8], [EXPIRED.message])


@pytest.mark.parametrize("refusal", [EXPIRED, ApiError(410, "Gone", "gone"), TOO_LARGE, OLD_TOO_LARGE])
def test_a_list_at_a_version_that_is_not_there_is_one_of_the_latest(refusal: ApiError) -> None:
    script: Script = [page(9, A1), EXPIRED, refusal, page(5, B3), watch(error_event(EXPIRED)), page(6), watch(FOREVER)]
    outcome = Outcome(script)
    lists = [request for request in outcome.requests if request.startswith("list")]
    assert lists == ["list @0 limit 500", "list @9", "list @ limit 500", "list @5"]


def test_a_list_that_fails_is_tried_again_with_growing_pauses() -> None:
    outcome = Outcome([INTERNAL, INTERNAL, CUT, page(1), watch(FOREVER)])
    assert outcome.requests == ["list @0 limit 500"] * 4 + ["watch @1"]
    assert outcome.pauses == [0.8, 1.6, 3.2]


def test_internal_errors_of_a_watch_are_tried_again_for_half_a_minute() -> None:
    script: Script = [page(1), *[watch(error_event(INTERNAL))] * 7, page(2), watch(FOREVER)]
    outcome = Outcome(script)
    assert outcome.requests == ["list @0 limit 500", *["watch @1"] * 7, "list @1", "watch @2"]
    assert outcome.pauses == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0]


def test_throttled_in_a_watch_waits_and_watches_on() -> None:
    outcome = Outcome([page(1), watch(error_event(THROTTLED)), watch(FOREVER)])
    assert (outcome.requests, outcome.pauses) == (["list @0 limit 500", "watch @1", "watch @1"], [0.8])


def test_events_of_another_kind_or_type_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    secret, unknown = config_map("s", 7, kind="Secret"), event("RENAMED", config_map("a", 8))
    with caplog.at_level(logging.ERROR):
        outcome = Outcome([page(1, A1), watch(event("ADDED", secret), unknown, event("MODIFIED", A2), FOREVER)])
    assert outcome.store.told == ["replace a @1", "update a @2"]
    assert len(caplog.records) == 2


def test_a_list_comes_in_pages() -> None:
    script: Script = [page(7, A1, token="t1"), page(7, B3, token="t2"), page(7), EXPIRED, page(8), watch(FOREVER)]
    outcome = Outcome(script)
    assert outcome.requests[:3] == ["list @0 limit 500", "list @ limit 500 continue t1", "list @ limit 500 continue t2"]
    assert outcome.requests[4] == "list @7 limit 500", "a server that pages a list at 0 is read in pages ever after"
    assert outcome.store.told == ["replace a b @7", "replace  @8"]


def test_a_page_size_that_is_wanted_holds_for_all_lists() -> None:
    outcome = Outcome([page(1), EXPIRED, page(2), watch(FOREVER)], page_size=10)
    assert [request for request in outcome.requests if request.startswith("list")] == [
        "list @0 limit 10",
        "list @1 limit 10",
    ]


def test_pages_that_expired_are_listed_in_one() -> None:
    outcome = Outcome([page(7, A1, token="t1"), EXPIRED, page(9, A2, B3), watch(FOREVER)])
    assert outcome.requests == ["list @0 limit 500", "list @ limit 500 continue t1", "list @0", "watch @9"]
    assert outcome.store.told == ["replace a b @9"]
