"""The process of ``bench.admission.webhook_server``, with a certificate of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.clients.watched_process import WatchedProcess, watched_process
from steersman.apiserver.certificate_authority import issue_authority, issue_server

START_LIMIT = 10.0
_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Listens at ``url``, with a certificate of ``authority`` (PEM)."""

    process: WatchedProcess
    url: str
    authority: bytes

    async def answered(self) -> int:
        """How many reviews it has answered since this was asked last."""
        self.process.begin("count")
        (answered,), _ = await self.process.answered("answered", START_LIMIT)
        return answered


@asynccontextmanager
async def webhook_process(seconds: float) -> AsyncIterator[Webhooks]:
    """Each answer takes ``seconds``."""
    now = datetime.now(UTC)
    authority = issue_authority("bench", now, _LIFETIME)
    pair = issue_server(authority, ["127.0.0.1"], now, _LIFETIME)
    with TemporaryDirectory(prefix="steersman-bench-") as directory:
        pem = Path(directory, "pair.pem")
        pem.write_bytes(pair.certificate + pair.key)
        arguments = [str(pem), str(seconds)]
        async with watched_process("bench.admission.webhook_server", arguments, Path(directory)) as process:
            process.begin("listen")
            (port,), _ = await process.answered("listening", START_LIMIT)
            yield Webhooks(process, f"https://127.0.0.1:{port}", authority.certificate)
