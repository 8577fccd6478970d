"""Audit events in a log file or on the standard output, a line each."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.backend import NotWritten
from steersman.apiserver.audit.event import Event
from steersman.apiserver.audit.event_encoding import EventEncoder, encode_fitting
from steersman.apiserver.audit.log_file import LogFile

JSON, LEGACY = FORMATS = ("json", "legacy")

_Work = tuple[Sequence[Event], "asyncio.Future[int]", asyncio.AbstractEventLoop]


class LogSink:
    """Encodes and writes in a thread of its own: neither a slow disk nor a large answer holds the event loop.

    Raises ValueError for a format that there is not.
    """

    name = "log"

    def __init__(self, file: LogFile, encoder: EventEncoder, form: str, metrics: AuditMetrics) -> None:
        if form not in FORMATS:
            raise ValueError(f"{form!r} is no format of audit logs: choose one of {', '.join(FORMATS)}")
        self._file, self._metrics = file, metrics
        self._encode: Callable[[Event], bytes] = encoder.encode if form == JSON else encoder.encode_legacy
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)

    async def open(self) -> None:
        self._file.open()
        self._thread.start()

    async def write(self, events: Sequence[Event], hurry: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[int] = loop.create_future()
        self._work.put((events, written, loop))
        self._metrics.too_large(await written)

    async def close(self) -> None:
        if self._thread.is_alive():
            self._work.put(None)
            await asyncio.to_thread(self._thread.join)
        self._file.close()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            events, written, loop = work
            too_large, failure = 0, None
            try:
                too_large = self._write(events)
            except OSError as error:
                failure = NotWritten(f"cannot write: {error.strerror}")
            except Exception as error:
                failure = NotWritten(f"cannot encode: {error!r}")
            loop.call_soon_threadsafe(_settle, written, too_large, failure)

    def _write(self, events: Sequence[Event]) -> int:
        """How many were too large. Raises OSError."""
        lines = [line + b"\n" for line in encode_fitting(self._encode, events)]
        self._file.write(lines)
        return len(events) - len(lines)


def _settle(written: "asyncio.Future[int]", too_large: int, failure: NotWritten | None) -> None:
    if written.done():
        return
    if failure is not None:
        written.set_exception(failure)
    else:
        written.set_result(too_large)
