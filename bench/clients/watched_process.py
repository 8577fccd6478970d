"""A measured client in a process of its own: told what to do, and watched from outside meanwhile."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.accounting import cpu_seconds, memory_mib
from bench.failure import BenchmarkFailed

_CHECKOUT = Path(__file__).parents[2]
_START_LIMIT = 60.0
"""Seconds that a client may take to import what it needs."""


class TookTooLong(BenchmarkFailed):
    """A client did not answer in time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall time and of the client's CPU, user and system."""

    wall: float
    cpu: float


class WatchedProcess:
    """A running client; see ``orders`` for what is said."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.pid = process.pid
        self._name, self._process, self._log = name, process, log
        self._began = self._used = 0.0

    def begin(self, order: str = "") -> None:
        """Measure from now on, and give ``order`` if there is one."""
        assert self._process.stdin is not None
        self._used = cpu_seconds(self.pid)
        self._began = time.perf_counter()
        if order:
            self._process.stdin.write(f"{order}\n".encode())

    async def answered(self, word: str, limit: float) -> tuple[list[int], Cost]:
        """The numbers that the client answers with ``word``, and what it took since the last ``begin``.

        Raises TookTooLong after ``limit`` seconds, and BenchmarkFailed when it says something else or ends.
        """
        assert self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), limit)
        except TimeoutError:
            tail = self._log.read_text()[-300:]
            raise TookTooLong(f"{self._name} took longer than {limit:g} s until {word!r} {tail}".strip()) from None
        cost = Cost(time.perf_counter() - self._began, cpu_seconds(self.pid) - self._used)
        said, *numbers = line.decode().split() or [""]
        if said != word:
            raise BenchmarkFailed(f"{self._name} said {line!r} instead of {word!r}: {self._log.read_text()[-2000:]}")
        return [int(number) for number in numbers], cost

    @property
    def peak(self) -> float:
        """The most memory that was resident so far, in MiB."""
        return memory_mib(self.pid, "VmHWM")


@asynccontextmanager
async def watched_process(module: str, arguments: Sequence[str], directory: Path) -> AsyncIterator[WatchedProcess]:
    """``python -m module arguments``, ready for its first order, killed at the end. Its log goes to ``directory``."""
    log = directory / f"{module}.log"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            cwd=_CHECKOUT,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    try:
        watched = WatchedProcess(module.rpartition(".")[2], process, log)
        watched.begin()
        await watched.answered("ready", _START_LIMIT)
        yield watched
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
