"""Health endpoints ``/healthz``, ``/livez`` and ``/readyz`` (KEP-1200, "API Health Endpoints")."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from steersman.apimachinery.errors import path_not_found
from steersman.apiserver.document import require_read
from steersman.apiserver.http.message import Request, Response

Check = Callable[[], str | Awaitable[str | None] | None]
"""Says what is wrong, or None when all is well; an exception counts as what is wrong."""

ENDPOINTS = ("healthz", "livez", "readyz")

_TEXT = b"text/plain; charset=utf-8"
_HEADERS = ((b"X-Content-Type-Options", b"nosniff"),)
_logger = logging.getLogger(__name__)


class Health:
    """The checks of one server, by name, and the answers made of them."""

    def __init__(self, deadline: float = 5.0) -> None:
        """``deadline``: seconds after which a check that has not answered has failed."""
        self._deadline = deadline
        self._checks: dict[str, dict[str, Check]] = {endpoint: {} for endpoint in ENDPOINTS}
        self.add("ping", lambda: None)

    def add(self, name: str, check: Check, endpoints: tuple[str, ...] = ENDPOINTS) -> None:
        """Register ``check``, replacing one of the same name.

        What only tells whether the server can take requests, such as ``shutdown``, belongs to ``("readyz",)``: a
        server whose liveness fails is restarted.
        """
        for endpoint in endpoints:
            self._checks[endpoint][name] = check

    async def handle(self, request: Request) -> Response:
        """Answer ``/<endpoint>`` (query: ``verbose``, ``exclude=<check>``, repeatable) or ``/<endpoint>/<check>``.

        Raises 404 for an unknown endpoint or check.
        """
        require_read(request)
        endpoint, _, name = request.path.strip("/").partition("/")
        checks = self._checks.get(endpoint)
        if checks is None or (name and name not in checks):
            raise path_not_found()
        if name:
            return _single(await self._run(checks[name]))
        query = parse_qs(request.query, keep_blank_values=True)
        return await self._all(endpoint, checks, set(query.get("exclude", ())), "verbose" in query)

    async def _all(self, endpoint: str, checks: dict[str, Check], excluded: set[str], verbose: bool) -> Response:
        run = [name for name in checks if name not in excluded]
        wrong = dict(zip(run, await asyncio.gather(*(self._run(checks[name]) for name in run)), strict=True))
        lines = [_line(name, name in excluded, wrong.get(name)) for name in checks]
        if unknown := sorted(excluded - checks.keys()):
            names = ",".join(f'"{name}"' for name in unknown)
            lines.append(f"warn: some health checks cannot be excluded: no matches for {names}\n")
        failed = {name: problem for name, problem in wrong.items() if problem is not None}
        if failed:
            details = "; ".join(f"{name}: {problem}" for name, problem in failed.items())
            _logger.warning("%s check failed: %s", endpoint, details)
            return _text(500, f"{''.join(lines)}{endpoint} check failed\n")
        return _text(200, f"{''.join(lines)}{endpoint} check passed\n" if verbose else "ok")

    async def _run(self, check: Check) -> str | None:
        try:
            found = check()
            if not inspect.isawaitable(found):
                return found
            async with asyncio.timeout(self._deadline):
                return await found
        except TimeoutError:
            return f"no answer within {self._deadline:g} seconds"
        except Exception as error:
            return str(error) or type(error).__name__


def _line(name: str, excluded: bool, problem: str | None) -> str:
    if excluded:
        return f"[+]{name} excluded: ok\n"
    # Whoever may read health need not know the cause: it goes to the log, and to who may read the single check.
    return f"[+]{name} ok\n" if problem is None else f"[-]{name} failed: reason withheld\n"


def _single(problem: str | None) -> Response:
    return _text(200, "ok") if problem is None else _text(500, f"internal server error: {problem}\n")


def _text(status: int, text: str) -> Response:
    return Response(status, text.encode(), _TEXT, _HEADERS)
