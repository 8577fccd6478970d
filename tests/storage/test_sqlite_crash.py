"""SQLite under kill -9: what was acknowledged is there, whole; what was not is there whole or not at all."""

import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from steersman.storage.sqlite import SqliteStore
from steersman.storage.store import Compacted, Event, Store

ROUNDS = 20
WRITERS = 8
KEYS_PER_WRITER = 12

# Every value begins with the checksum of the rest. Each acknowledged write is one line on standard output, in one
# unbuffered system call.
PROGRAM = """
import asyncio, hashlib, os, random, sys
from steersman.storage.sqlite import SqliteStore
from steersman.storage.store import StoreClosed

async def write(store, writer, keys):
    while True:
        key = f"/{writer}/{random.randrange(keys)}"
        kv = await store.get(key)
        expected = kv.mod_revision if kv else 0
        if kv and random.random() < 0.1:
            revision, digest = await store.delete(key, expected), "-"
        else:
            body = random.randbytes(random.choice([0, 10, 1000, 20000]))
            digest = hashlib.sha256(body).hexdigest()
            revision = await store.put(key, digest.encode() + body, expected)
        os.write(1, f"{key} {revision} {digest}\\n".encode())

async def compact(store):
    while True:
        revision = await store.current_revision()
        await asyncio.sleep(0.01)
        if await store.current_revision() > revision + 300:
            await store.compact(revision)

async def main(path, writers, keys):
    store = SqliteStore(path)
    await store.open()
    await asyncio.gather(compact(store), *(write(store, n, keys) for n in range(writers)))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


class Acknowledged(NamedTuple):
    key: str
    revision: int
    digest: str  # "-" for a deletion


def run_and_kill(path: Path, lines: int) -> list[Acknowledged]:
    """Let writers run until about so many writes are acknowledged, then kill them; all that they acknowledged."""
    command = [sys.executable, "-c", PROGRAM, str(path), str(WRITERS), str(KEYS_PER_WRITER)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        output = b""
        while output.count(b"\n") < lines:
            data = os.read(process.stdout.fileno(), 4096)
            assert data, "the writers ended by themselves"
            output += data
        process.send_signal(signal.SIGKILL)
        output += process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    fields = [line.decode().split() for line in output.splitlines()]
    return [Acknowledged(key, int(revision), digest) for key, revision, digest in fields]


def digest(value: bytes) -> str:
    """The checksum that the value carries, once it is found to be right."""
    carried, body = value[:64].decode(), value[64:]
    assert hashlib.sha256(body).hexdigest() == carried, "a value is not whole"
    return carried


async def read_log(store: Store) -> list[Event]:
    """Every event that the log still holds."""
    newest = await store.current_revision()
    try:
        start = 1
        await store.get("/", start)
    except Compacted as error:
        start = error.compact_revision
    watch = store.watch("", start)
    events: list[Event] = []
    while not events or events[-1].kv.mod_revision < newest:
        events += await anext(watch)
    watch.close()
    return events


async def check(path: Path, acknowledged: dict[str, Acknowledged], round_: list[Acknowledged]) -> None:
    """``acknowledged`` is each key's newest acknowledged write of all rounds, ``round_`` all of the last round."""
    store = SqliteStore(path)
    await store.open()
    log = await read_log(store)
    written = {event.kv.mod_revision: event for event in log}
    assert list(written) == list(range(log[0].kv.mod_revision, log[-1].kv.mod_revision + 1)), "revisions are dense"
    for event in log:
        assert event.deleted or digest(event.kv.value)
    for ack in round_:
        if ack.revision >= log[0].kv.mod_revision:
            event = written[ack.revision]
            assert (event.kv.key, "-" if event.deleted else digest(event.kv.value)) == (ack.key, ack.digest)
    for ack in acknowledged.values():
        kv = await store.get(ack.key)
        if kv is not None and kv.mod_revision == ack.revision:
            assert digest(kv.value) == ack.digest
        elif kv is not None or ack.digest != "-":
            # Then a later write of this key, not acknowledged before the kill, came through.
            assert any(e.kv.key == ack.key and e.kv.mod_revision > ack.revision for e in log)
    assert [kv.key for kv in (await store.list("")).items if not digest(kv.value)] == []
    await store.close()


@pytest.mark.chaos
def test_no_acknowledged_write_is_lost_and_none_is_half(tmp_path: Path) -> None:
    chance = random.Random(1)
    path = tmp_path / "store.db"
    newest: dict[str, Acknowledged] = {}
    revision = 1
    for _ in range(ROUNDS):
        round_ = run_and_kill(path, lines=chance.randrange(1, 300))

        assert min(ack.revision for ack in round_) > revision, "revisions go on after a crash"
        revision = max(ack.revision for ack in round_)
        newest |= {ack.key: ack for ack in sorted(round_, key=lambda ack: ack.revision)}
        asyncio.run(check(path, newest, round_))
