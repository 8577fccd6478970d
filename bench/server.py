"""The server under test: the real command line in a process of its own, with its state in a temporary directory."""

import asyncio
import os
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.client import Endpoint
from bench.failure import BenchmarkFailed

START_LIMIT = 30.0
"""Seconds that a server may take until it is ready."""

_READY = re.compile(r"ready https://([^:]+):(\d+) kubeconfig=(.+)")


class Server:
    """A running server. ``start`` is how many seconds it took from exec to its ready line; ``kubeconfig`` is its
    administrator's.
    """

    def __init__(self, pid: int, endpoint: Endpoint, start: float, kubeconfig: str) -> None:
        self.pid = pid
        self.endpoint = endpoint
        self.start = start
        self.kubeconfig = kubeconfig


def _environment() -> dict[str, str]:
    """Ours, without what keeps Python from storing compiled modules: an installed server does not compile at start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _token(directory: Path) -> str:
    """The token of a member of system:masters, from the file that the server gets; made when missing."""
    file = directory / "tokens.csv"
    if not file.exists():
        with open(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as stream:
            stream.write(f'{secrets.token_urlsafe(24)},bench,1,"system:masters"\n')
    return file.read_text().split(",")[0]


@asynccontextmanager
async def running(directory: Path, *flags: str) -> AsyncIterator[Server]:
    """A server with its data in ``directory`` (kept, so that it can be started again), killed at the end.

    ``flags`` are given to ``steersman serve`` besides its own.

    Raises BenchmarkFailed when it is not ready in time or does not answer /readyz as soon as it says so.
    """
    directory.mkdir(parents=True, exist_ok=True)
    token, data, log = _token(directory), directory / "data", directory / "log"
    command = [sys.executable, "-m", "steersman", "serve", "--listen", "127.0.0.1:0"]
    command += ["--data-dir", str(data), "--token-auth-file", str(directory / "tokens.csv"), *flags]
    with log.open("wb") as errors:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        try:
            assert process.stdout is not None
            try:
                line = (await asyncio.wait_for(process.stdout.readline(), START_LIMIT)).decode()
            except TimeoutError:
                raise BenchmarkFailed(f"the server was not ready within {START_LIMIT:g} s") from None
            took = time.perf_counter() - began
            ready = _READY.match(line)
            if ready is None:
                raise BenchmarkFailed(f"the server did not start: {line}{log.read_text()[-2000:]}")
            endpoint = Endpoint(ready[1], int(ready[2]), data / "pki" / "ca.crt", token)
            (await endpoint.ask("GET", "/readyz")).expect(200)
            yield Server(process.pid, endpoint, took, ready[3])
            if process.returncode is not None:
                raise BenchmarkFailed(f"the server ended with code {process.returncode}: {log.read_text()[-2000:]}")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
