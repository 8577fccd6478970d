"""What only the SQLite store does: files, locks, failures."""

import asyncio
import os
import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from steersman.storage.sqlite import SqliteStore
from steersman.storage.store import Compacted, StoreClosed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path)
    await store.open()
    yield store
    await store.close()


def rows(path: Path) -> list[tuple[int, str, bytes]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT revision, key, value FROM revisions ORDER BY revision").fetchall()


def query(path: Path, statement: str) -> list[object]:
    with sqlite3.connect(path, isolation_level=None) as connection:
        return [row[0] for row in connection.execute(statement)]


async def test_what_is_acknowledged_can_be_read_with_sqlite(store: SqliteStore, path: Path) -> None:
    revision = await store.put("/registry/configmaps/default/a", b'{"kind":"ConfigMap"}')

    assert rows(path) == [(revision, "/registry/configmaps/default/a", b'{"kind":"ConfigMap"}')]


async def test_commits_are_synced(store: SqliteStore, path: Path) -> None:
    assert query(path, "PRAGMA journal_mode") == ["wal"]
    assert store._file is not None
    assert store._file.writer.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_all_files_are_private(path: Path) -> None:
    old = os.umask(0)
    try:
        path.touch(0o644)
        store = SqliteStore(path)
        await store.open()
        await store.put("/a", b"1")
    finally:
        os.umask(old)

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["store.db", "store.db-wal", "store.db-shm", "store.db.lock"], 0o600)
    await store.close()


async def test_closing_leaves_everything_in_the_one_file(store: SqliteStore, path: Path) -> None:
    await store.put("/a", b"1")

    await store.close()

    assert sorted(file.name for file in path.parent.iterdir()) == ["store.db", "store.db.lock"]


async def test_a_second_process_is_refused_with_one_line(store: SqliteStore, path: Path) -> None:
    program = (
        "import asyncio, sys; from steersman.storage.sqlite import SqliteStore as S; asyncio.run(S(sys.argv[1]).open())"
    )
    second = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)

    assert second.stderr.splitlines()[-1] == f"OSError: {path} is in use by another process"


async def test_the_file_is_free_again_after_close_and_after_a_failed_open(store: SqliteStore, path: Path) -> None:
    second = SqliteStore(path)
    with pytest.raises(OSError, match="in use"):
        await second.open()
    await store.close()

    await second.open()
    await second.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"this is not a database, but it is long enough to be looked at as one", "file is not a database"),
        (None, "No such file or directory"),
    ],
)
async def test_a_file_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "file" if content else tmp_path / "missing" / "file"
    if content:
        path.write_bytes(content)

    with pytest.raises(OSError, match=message) as failure:
        await SqliteStore(path).open()

    assert str(path) in str(failure.value)
    assert "\n" not in str(failure.value)


async def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    query(path, "CREATE TABLE theirs (x)")

    with pytest.raises(OSError, match="is not a store of this version"):
        await SqliteStore(path).open()

    assert query(path, "SELECT name FROM sqlite_schema") == ["theirs"]


async def test_concurrent_writes_are_one_transaction(store: SqliteStore, path: Path) -> None:
    writing = asyncio.gather(*(store.put(f"/{n}", b"x") for n in range(200)))
    counts = set()
    while not writing.done():
        counts.update(query(path, "SELECT count(*) FROM revisions"))
        await asyncio.sleep(0)

    await writing
    assert counts <= {0, 200}


async def test_compaction_deletes_the_dead_rows_and_only_those(store: SqliteStore, path: Path) -> None:
    for n in range(1000):
        store.put(f"/{n % 10}", b"%d" % n)
    for n in range(5):
        store.delete(f"/{n}")
    last = await store.put("/x", b"")

    await store.compact(last)

    assert query(path, "SELECT swept_revision FROM compaction") == [last]
    assert [(key, value) for _, key, value in rows(path)] == [
        *((f"/{n}", b"99%d" % n) for n in range(5, 10)),
        ("/x", b""),
    ]


async def test_an_unfinished_sweep_is_taken_up_when_the_file_is_opened_again(store: SqliteStore, path: Path) -> None:
    for n in range(2000):
        store.put(f"/{n % 3}", b"%d" % n)
    last = await store.put("/x", b"")
    await store.close()
    # So a crash leaves it right after the compaction was recorded.
    query(path, f"UPDATE compaction SET compact_revision = {last}")

    store = SqliteStore(path)
    await store.open()
    with pytest.raises(Compacted):
        await store.get("/1", last - 1)
    # The sweeps are done in order, so when the next one is done this one is.
    await store.compact(await store.put("/x", b"1"))

    assert len(rows(path)) == 5
    await store.close()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Writes beyond this size fail with a real error from the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_failed_commit_closes_the_store_and_loses_nothing_acknowledged(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    watch = store.watch("/")
    acknowledged = {"/kept": await store.put("/kept", b"1")}
    with largest_file(1 << 20):
        writes = {f"/{n}": asyncio.ensure_future(store.put(f"/{n}", bytes(100_000))) for n in range(30)}
        refused = asyncio.ensure_future(store.put("/0", b"2", expected=0))
        failures = await asyncio.gather(*writes.values(), refused, return_exceptions=True)
        assert {type(failure) for failure in failures} == {StoreClosed}
        assert "the store failed: " in str(failures[0])
        with pytest.raises(StoreClosed, match="the store failed"):
            await store.put("/later", b"1")
        with pytest.raises(StoreClosed, match="the store failed"):
            await store.get("/kept")
        assert [event.kv.key for event in await anext(watch)] == ["/kept"]
        with pytest.raises(StoreClosed, match="the store failed"):
            await anext(watch)
        await store.close()

    store = SqliteStore(path)
    await store.open()
    page = await store.list("")
    assert {kv.key: kv.mod_revision for kv in page.items} == acknowledged
    assert await store.put("/later", b"1") == page.revision + 1
    await store.close()


async def test_a_watch_reads_a_long_log_in_pieces_and_finds_its_few(store: SqliteStore) -> None:
    first = await store.put("/rare/1", b"1")
    await asyncio.gather(*(store.put(f"/often/{n % 5}", b"x") for n in range(5000)))
    last = await store.put("/rare/2", b"2")

    watch = store.watch("/rare/", first)

    assert [(await anext(watch))[0].kv.mod_revision for _ in range(2)] == [first, last]
    watch.close()
