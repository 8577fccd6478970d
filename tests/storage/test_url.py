"""Stores by URL."""

from pathlib import Path

import pytest

from steersman.storage.memory import MemoryStore
from steersman.storage.sqlite import SqliteStore
from steersman.storage.url import open_store


def test_memory() -> None:
    assert isinstance(open_store("memory:"), MemoryStore)


@pytest.mark.parametrize("relative", [False, True])
async def test_sqlite_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///a store?.db" if relative else f"sqlite:///{tmp_path}/a store?.db")

    await store.open()
    await store.close()

    assert isinstance(store, SqliteStore)
    assert (tmp_path / "a store?.db").exists()


@pytest.mark.parametrize(
    "url", ["", "memory", "memory:x", "sqlite:x.db", "sqlite://x.db", "sqlite:///", "etcd://h", "/x.db"]
)
def test_what_is_no_store_is_told_in_one_line(url: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        open_store(url)
