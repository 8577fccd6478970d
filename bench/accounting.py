"""CPU time and memory of processes, as Linux accounts for them."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2
_PROC = Path("/proc")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat (proc(5)) from the third, the state, on: the second may hold spaces."""
    text = (_PROC / str(pid) / "stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def family(pid: int) -> list[int]:
    """``pid`` and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
            except OSError:
                continue
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of ``pid``, all its threads, its living descendants, and the children it has waited for.

    Read from the processes' CPU clocks (clock_getcpuclockid(3)): the sum of utime and stime in /proc/PID/stat, but in
    nanoseconds where that file has ticks of ten milliseconds. Children that ended are counted in ticks.
    """
    total = 0.0
    for member in family(pid):
        try:
            fields = _stat(member)
            total += time.clock_gettime((~member << 3) | _CPUCLOCK_SCHED)
            total += (int(fields[13]) + int(fields[14])) / _TICK
        except OSError:
            continue
    return total


def machine_cpu_seconds() -> float:
    """Seconds in which the CPUs of this machine were not idle, in ticks."""
    with (_PROC / "stat").open() as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICK


def memory_mib(pid: int, field: str = "VmRSS") -> float:
    """``field`` of /proc/PID/status in MiB, over ``pid`` and its living descendants."""
    kib = 0
    for member in family(pid):
        try:
            lines = (_PROC / str(member) / "status").read_text().splitlines()
        except OSError:
            continue
        kib += sum(int(line.split()[1]) for line in lines if line.startswith(field + ":"))
    return kib / 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """What a measured period took: seconds of wall time, and of CPU for the server, this process and all others."""

    wall: float
    server: float
    client: float
    others: float


class Meter:
    """Measures from its creation on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._machine = machine_cpu_seconds()
        self._client = time.process_time()
        self._wall = time.perf_counter()
        self._server = cpu_seconds(pid)

    def read(self) -> Usage:
        server = cpu_seconds(self._pid) - self._server
        wall = time.perf_counter() - self._wall
        client = time.process_time() - self._client
        others = machine_cpu_seconds() - self._machine - server - client
        return Usage(wall, server, client, max(0.0, others))
