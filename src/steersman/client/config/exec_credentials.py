"""Credentials from a plugin: run when there are none, when they expire, and when the server rejects them."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import cast

from steersman.client.config.credentials import NO_HEADERS, ClientCertificate, Headers, bearer_headers
from steersman.client.config.errors import ConfigError, CredentialError
from steersman.client.config.exec_plugin import (
    ALWAYS,
    NEVER,
    ExecCluster,
    ExecPlugin,
    ExecResult,
    read_result,
    request_document,
    without_escapes,
)

EXEC_TIMEOUT = 120.0
"""Seconds that a plugin may take; enough for someone to log in through a browser."""

_OUTPUT_LIMIT = 1 << 20
_GRACE = 2.0
_INFO = "KUBERNETES_EXEC_INFO"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _stdin_is_terminal() -> bool:
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


class ExecCredentials:
    """Runs a plugin, once at a time however many requests wait, and keeps what it gave until ``expirationTimestamp``.

    The plugin's stderr is this process'; its stdin is the terminal where its ``interactiveMode`` says so and there is
    one, else it is empty. ``now`` gives the time with its zone, ``timeout`` is in seconds.
    """

    def __init__(
        self,
        plugin: ExecPlugin,
        cluster: ExecCluster | None = None,
        timeout: float = EXEC_TIMEOUT,
        now: Callable[[], datetime] = _utc_now,
        stdin_is_terminal: Callable[[], bool] = _stdin_is_terminal,
    ) -> None:
        self._plugin, self._cluster, self._timeout = plugin, cluster, timeout
        self._now, self._stdin_is_terminal = now, stdin_is_terminal
        self._result: ExecResult | None = None
        self._headers = NO_HEADERS
        self._run = _SingleFlight(self._renew)

    def __repr__(self) -> str:
        return f"ExecCredentials({self._plugin!r})"

    @property
    def client_certificate(self) -> ClientCertificate | None:
        return None if self._result is None else self._result.certificate

    async def headers(self) -> Headers:
        result = self._result
        if result is None or (result.expires_at is not None and self._now() > result.expires_at):
            await self._run()
        return self._headers

    async def refresh(self, rejected: Headers) -> bool:
        if rejected is not self._headers:
            return True
        before = self._result
        await self._run()
        after = self._result
        return before is None or after is None or (before.token, before.certificate) != (after.token, after.certificate)

    async def _renew(self) -> None:
        result = read_result(self._plugin, await self._output())
        # A new object for each run: that is how rejected headers are told from newer ones.
        self._headers = bearer_headers(result.token) if result.token else {}
        self._result = result

    async def _output(self) -> bytes:
        plugin, interactive = self._plugin, self._is_interactive()
        program = shutil.which(plugin.command)
        if program is None:
            raise self._not_found()
        environ = {**os.environ, **dict(plugin.env), _INFO: self._info(interactive)}
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *plugin.args,
                stdin=None if interactive else DEVNULL,
                stdout=PIPE,
                env=environ,
                # A session of its own can be stopped with all its children, but cannot read the terminal.
                start_new_session=not interactive,
            )
        except OSError as error:
            raise CredentialError(f"exec plugin {plugin.command}: cannot be started: {error.strerror}") from None
        return await self._communicate(process, interactive)

    async def _communicate(self, process: Process, interactive: bool) -> bytes:
        command = self._plugin.command
        try:
            output = await asyncio.wait_for(self._read(process), self._timeout)
        except TimeoutError:
            await _stop(process, interactive)
            raise CredentialError(f"exec plugin {command}: gave no answer within {self._timeout:g} seconds") from None
        except BaseException:
            await _stop(process, interactive)
            raise
        if process.returncode:
            raise CredentialError(f"exec plugin {command}: failed with exit code {process.returncode}")
        return output

    async def _read(self, process: Process) -> bytes:
        output = bytearray()
        stdout = cast(asyncio.StreamReader, process.stdout)
        while chunk := await stdout.read(_OUTPUT_LIMIT):
            output += chunk
            if len(output) > _OUTPUT_LIMIT:
                raise CredentialError(f"exec plugin {self._plugin.command}: its output exceeds {_OUTPUT_LIMIT} bytes")
        await process.wait()
        return bytes(output)

    def _is_interactive(self) -> bool:
        mode = self._plugin.interactive_mode
        terminal = mode != NEVER and self._stdin_is_terminal()
        if mode == ALWAYS and not terminal:
            raise CredentialError(f"exec plugin {self._plugin.command}: needs standard input, which is not a terminal")
        return terminal

    def _info(self, interactive: bool) -> str:
        try:
            return request_document(self._plugin, self._cluster, interactive)
        except ConfigError as error:
            raise CredentialError(f"exec plugin {self._plugin.command}: {error}") from None

    def _not_found(self) -> CredentialError:
        hint = without_escapes(self._plugin.install_hint).strip()
        return CredentialError(
            f"exec plugin {self._plugin.command}: executable not found; it must be installed, and in PATH, to log in"
            f"{f': {hint}' if hint else ''}"
        )


async def _stop(process: Process, interactive: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if interactive:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    # The exit is told only when the pipe is empty and closed; a child that got away may still hold it open.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_drained(process), _GRACE)


async def _drained(process: Process) -> None:
    stdout = cast(asyncio.StreamReader, process.stdout)
    while await stdout.read(_OUTPUT_LIMIT):
        pass
    await process.wait()


class _SingleFlight:
    """Calls that come while one is under way wait for that one; it is cancelled when nobody waits any longer."""

    def __init__(self, call: Callable[[], Awaitable[None]]) -> None:
        self._call = call
        self._task: asyncio.Future[None] | None = None
        self._waiting = 0

    async def __call__(self) -> None:
        task = self._task
        if task is None:
            task = self._task = asyncio.ensure_future(self._call())
            self._waiting = 0
        self._waiting += 1
        try:
            await asyncio.shield(task)
        finally:
            if self._task is task:
                self._waiting -= 1
                if task.done() or not self._waiting:
                    self._task = None
                    task.cancel()
