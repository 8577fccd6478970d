"""Log files that are moved aside."""

import os
import resource
import stat
import time
from pathlib import Path

import pytest

from steersman.apiserver.audit.log_file import LogFile, Rotation

NOW = 1_700_000_000.0
NO_LIMIT = Rotation(0, 0, 0)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        self.now += 1
        return self.now


def opened(path: Path, rotation: Rotation = NO_LIMIT, clock: Clock | None = None) -> LogFile:
    file = LogFile(path, rotation, clock or Clock())
    file.open()
    return file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def stamped(directory: Path, seconds: float) -> Path:
    path = directory / f"audit-{time.strftime('%Y-%m-%dT%H-%M-%S', time.gmtime(seconds))}.000.log"
    path.touch()
    return path


def test_only_the_owner_reads_it_and_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "audit.log"
    file = opened(path)
    file.write([b"a\n"])
    file.close()

    assert path.read_bytes() == b"a\n"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_it_goes_on_where_another_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    for line in (b"a\n", b"b\n"):
        file = opened(path, Rotation(max_size=4))
        file.write([line])
        file.close()

    assert path.read_bytes() == b"a\nb\n"


def test_a_full_file_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    file = opened(path, Rotation(max_size=5))
    file.write([b"one\n", b"2\n", b"3\n", b"very long\n", b"4\n"])
    file.close()

    oldest_first = [one.read_bytes() for one in reversed(file.backups())]
    assert [*oldest_first, path.read_bytes()] == [b"one\n", b"2\n3\n", b"very long\n", b"4\n"]
    assert {mode(one) for one in (path, *file.backups())} == {0o600}


def test_backups_are_named_by_time(tmp_path: Path) -> None:
    file = opened(tmp_path / "audit.log", Rotation(max_size=1))
    file.write([b"a\n", b"b\n"])

    assert [one.name for one in file.backups()] == ["audit-2023-11-14T22-13-21.000.log"]


def test_the_oldest_backups_go(tmp_path: Path) -> None:
    file = opened(tmp_path / "audit.log", Rotation(max_size=1, max_backups=2))
    file.write([b"%d\n" % number for number in range(6)])

    assert [one.read_bytes() for one in file.backups()] == [b"4\n", b"3\n"]


def test_backups_that_are_too_old_go(tmp_path: Path) -> None:
    day = 86_400
    old, young = stamped(tmp_path, NOW - 3 * day), stamped(tmp_path, NOW - day)
    others = [tmp_path / name for name in ("audit-notes.log", "audit-2001-01-01T00-00-00.000.txt", "other.log")]
    for other in others:
        other.touch()

    file = opened(tmp_path / "audit.log", Rotation(max_size=1, max_age=2))
    file.write([b"a\n", b"b\n"])

    assert not old.exists()
    assert all(one.exists() for one in (young, *others))


def test_without_limits_nothing_goes(tmp_path: Path) -> None:
    old = stamped(tmp_path, 0)
    file = opened(tmp_path / "audit.log", NO_LIMIT)
    file.write([b"x" * 1000 + b"\n"] * 100)

    assert file.backups() == [old]


def test_two_files_of_one_moment_have_two_names(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "audit.log", Rotation(max_size=1), lambda: NOW)
    file.open()
    file.write([b"a\n", b"b\n", b"c\n"])

    assert [one.read_bytes() for one in file.backups()] == [b"b\n", b"a\n"]


def test_a_file_that_was_taken_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    file = opened(path, Rotation(max_size=3))
    file.write([b"a\n"])
    path.unlink()
    file.write([b"b\n", b"c\n"])

    assert path.read_bytes() == b"c\n"


def test_a_line_that_did_not_fit_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    file = opened(path)
    file.write([b"first\n"])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 3, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            file.write([b"second\n"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    file.write([b"third\n"])
    file.write([b"fourth\n"])

    assert path.read_bytes().splitlines() == [b"first", b"sec", b"third", b"fourth"]


def test_standard_output_is_neither_closed_nor_moved(capfd: pytest.CaptureFixture[str]) -> None:
    file = opened(Path("-"), Rotation(max_size=1))
    file.write([b"a\n", b"b\n"])
    file.close()
    os.write(1, b"c\n")

    assert capfd.readouterr().out == "a\nb\nc\n"


@pytest.mark.parametrize("field", ["max_size", "max_age", "max_backups"])
def test_limits_are_not_negative(field: str) -> None:
    with pytest.raises(ValueError, match="negative"):
        Rotation(**{field: -1})
