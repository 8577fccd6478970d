"""The stream of a watch, cut anywhere."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.client.cache import CachedObject, MalformedObject
from steersman.client.informer.watch_stream import BATCH, LineSplitter, WatchEvent, watch_events


def event(name: str, type_: str = "ADDED") -> bytes:
    return b'{"type":"%b","object":{"metadata":{"name":"%b"}}}\n' % (type_.encode(), name.encode())


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def names(*chunks: bytes) -> list[list[str]]:
    return [[named(one) for one in batch] async for batch in watch_events(stream(*chunks))]


def named(event: WatchEvent) -> str:
    type_, obj = event
    assert isinstance(obj, CachedObject)
    return f"{type_} {obj.name}"


@given(lines=st.lists(st.binary().map(lambda line: line.replace(b"\n", b""))), cuts=st.lists(st.integers(0, 300)))
def test_lines_are_the_same_however_the_stream_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    data = b"".join(line + b"\n" for line in lines) + b"the rest"
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    splitter = LineSplitter()
    found = [
        line for start, end in zip([0, *ends], ends, strict=False) for line in splitter.feed(data[start:end]) or ()
    ]
    assert found == lines


def test_a_line_has_an_end() -> None:
    splitter = LineSplitter(limit=10)
    assert splitter.feed(b"0123456789") == []
    assert splitter.feed(b"\n01234") == [b"0123456789"]
    with pytest.raises(MalformedObject, match="more than 10 bytes"):
        splitter.feed(b"567890")


async def test_events_come_in_batches_of_what_came_together() -> None:
    both = event("a") + event("b", "DELETED")
    assert await names(both, event("c")[:7], event("c")[7:]) == [["ADDED a", "DELETED b"], ["ADDED c"]]


async def test_many_events_that_come_together_are_several_batches() -> None:
    batches = await names(event("a") * (BATCH + 1))
    assert [len(batch) for batch in batches] == [BATCH, 1]


async def test_a_line_that_is_no_event_ends_the_stream_after_those_before_it() -> None:
    events = watch_events(stream(event("a") + event("b")[:-8] + b"\n" + event("c")))
    assert [named(one) for one in await anext(events)] == ["ADDED a"]
    with pytest.raises(MalformedObject):
        await anext(events)
