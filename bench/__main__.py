"""``python -m bench``: measure this checkout's server and its client library. See docs/benchmarks.md."""

import argparse
import asyncio
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import orjson
import uvloop

from bench.admission.chain import admission_chain
from bench.admission.initializers import admission_initializers
from bench.admission.webhooks import admission_webhooks
from bench.authorization import authorization
from bench.clients import comparison, report
from bench.failure import BenchmarkFailed
from bench.groups import GROUPS, Run
from bench.rows import rows
from bench.scale import FULL, SMOKE, Scale
from bench.table import Figure, Line, render, summary

_ADMISSION = (admission_chain, admission_webhooks, admission_initializers)
_GROUPS = (*GROUPS, *_ADMISSION, authorization, comparison.clients, comparison.work_queue)
_FILES = 8192
"""Open files that this process and the server need at most: a connection for each watcher, and some."""


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    groups = [*dict.fromkeys(row.group for row in rows(FULL)), "clients", "work-queue"]
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the server and the client library; print tables."
    )
    parser.add_argument("--smoke", action="store_true", help="tiny counts, once: proves that everything runs")
    parser.add_argument("--rows", default=",".join(groups), metavar="ROW,…", help=f"of {', '.join(groups)}")
    parser.add_argument("--runs", type=int, metavar="N", help="how often to measure; the median counts (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to FILE")
    parser.add_argument("--dir", type=Path, default=Path(gettempdir()), help="where the servers keep their data")
    options = parser.parse_args(argv)
    options.rows = [name.strip() for name in options.rows.split(",") if name.strip()]
    if unknown := sorted(set(options.rows) - set(groups)):
        parser.error(f"unknown rows {', '.join(unknown)}; there are {', '.join(groups)}")
    if options.runs is not None and options.runs < 1:
        parser.error("--runs needs a number of at least 1")
    options.runs = options.runs or (1 if options.smoke else 3)
    return options


def file_system(directory: Path) -> str:
    """The type of the file system that ``directory`` is on: on tmpfs, fsync costs nothing."""
    command = ["stat", "--file-system", "--format=%T", str(directory)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def allow_many_files() -> None:
    """Raise this process' limit of open files, which the server inherits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES:
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def measure(scale: Scale, chosen: list[str], runs: int, parent: Path) -> dict[str, list[Figure]]:
    """All figures by the key of their row, one a run."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    say("one start that is not counted, so that Python's compiled modules are stored")
    async with Run(scale, (), parent, say).fresh_server():
        pass
    results: dict[str, list[Figure]] = {}
    for number in range(1, runs + 1):
        run = Run(scale, chosen, parent, say)
        for group in _GROUPS:
            say(f"run {number} of {runs}: {group.__name__.replace('_', ' ')}")
            await group(run)
        for key, figure in run.figures.items():
            results.setdefault(key, []).append(figure)
    return results


def document(lines: Sequence[Line], results: dict[str, list[Figure]], environment: dict[str, Any]) -> bytes:
    """Everything measured, as JSON: also the figures that have no row."""
    labels = {line.row.key: line.row.label for line in lines}
    figures = {
        key: {
            "label": labels.get(key),
            "values": [figure.value for figure in values],
            "client_share": [figure.client_share for figure in values],
        }
        for key, values in results.items()
    }
    return orjson.dumps({"environment": environment, "figures": figures}, option=orjson.OPT_INDENT_2) + b"\n"


def main() -> int:
    options = arguments()
    scale = SMOKE if options.smoke else FULL
    environment = {
        "cpus": os.cpu_count(),
        "file_system": file_system(options.dir),
        "load_average": os.getloadavg()[0],
        "machine": platform.machine(),
        "python": platform.python_version(),
        "system": platform.release(),
        "runs": options.runs,
        "smoke": options.smoke,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    say(" ".join(f"{name}={value}" for name, value in environment.items()))
    if environment["file_system"] == "tmpfs":
        say("! the data is on tmpfs, where fsync costs nothing: choose a directory on a disk with --dir")
    allow_many_files()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            results = runner.run(measure(scale, options.rows, options.runs, options.dir))
    except BenchmarkFailed as failure:
        say(f"bench: {failure}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("bench: interrupted")
        return 130
    lines = summary([row for row in rows(scale) if row.group in options.rows], results)
    tables = [render(lines)] if lines else []
    tables += report.tables(scale, results)
    print("\n\n".join(tables))
    if options.json:
        options.json.write_bytes(document(lines, results, environment))
    return 0


if __name__ == "__main__":
    sys.exit(main())
