"""A log file that only its owner reads, moved aside when it has grown large enough (as lumberjack does it).

``audit.log`` becomes ``audit-2006-01-02T15-04-05.000.log``, in UTC; of those, the oldest are removed.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

STANDARD_OUTPUT = Path("-")
MODE = 0o600
_DAY = 86_400
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}\.[0-9]{3}")


class Rotation(Struct, frozen=True):
    """``max_size`` is in bytes, ``max_age`` in days, ``max_backups`` counts files; 0 is no limit.

    Raises ValueError for negative ones.
    """

    max_size: int = 100 << 20
    max_age: int = 366
    max_backups: int = 100

    def __post_init__(self) -> None:
        if min(self.max_size, self.max_age, self.max_backups) < 0:
            raise ValueError("sizes, ages and numbers of audit log files can't be negative")


class LogFile:
    """``path`` ``-`` is the standard output, which is not moved. ``clock`` gives seconds since the epoch."""

    def __init__(self, path: Path, rotation: Rotation, clock: Callable[[], float] = time.time) -> None:
        self._path, self._rotation, self._clock = path, rotation, clock
        self._descriptor = -1
        self._size = 0
        self._torn = False

    def open(self) -> None:
        """Raises OSError."""
        if self._path == STANDARD_OUTPUT:
            self._descriptor = os.dup(1)
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, MODE)
        self._size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def write(self, lines: Sequence[bytes]) -> None:
        """Append whole lines, given with their ends. Raises OSError; part of them may be there then."""
        limit = self._rotation.max_size if self._path != STANDARD_OUTPUT else 0
        if not limit:
            self._append(b"".join(lines))
            return
        chunk: list[bytes] = []
        size = self._size
        for line in lines:
            if size and size + len(line) > limit:
                self._append(b"".join(chunk))
                chunk, size = [], 0
                self._rotate()
            chunk.append(line)
            size += len(line)
        self._append(b"".join(chunk))

    def _append(self, data: bytes) -> None:
        if self._descriptor < 0:
            self.open()
        if self._torn and data:
            # What could not be written whole is to spoil one line only.
            data = b"\n" + data
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            self._size += written
            view = view[written:]
            self._torn = bool(view)

    def _rotate(self) -> None:
        self.close()
        self._torn = False
        with contextlib.suppress(FileNotFoundError):
            # Somebody may have taken it away.
            self._path.rename(self._backup_name())
        self.open()
        self._prune()

    def _backup_name(self) -> Path:
        now = self._clock()
        while True:
            stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}"
            name = self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}")
            if not name.exists():
                return name
            now += 0.001

    def backups(self) -> list[Path]:
        """The files that were moved aside, the latest first."""
        stem, suffix = f"{self._path.stem}-", self._path.suffix
        found = [
            one
            for one in self._path.parent.iterdir()
            if one.name.startswith(stem)
            and one.name.endswith(suffix)
            and _STAMP.fullmatch(one.name[len(stem) : len(one.name) - len(suffix)])
        ]
        return sorted(found, reverse=True)

    def _prune(self) -> None:
        rotation, backups = self._rotation, self.backups()
        doomed = backups[rotation.max_backups :] if rotation.max_backups else []
        if rotation.max_age:
            oldest = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime(self._clock() - rotation.max_age * _DAY))
            first = f"{self._path.stem}-{oldest}"
            doomed += [one for one in backups if one.name < first and one not in doomed]
        for one in doomed:
            one.unlink(missing_ok=True)
