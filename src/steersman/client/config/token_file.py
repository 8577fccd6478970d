"""A bearer token in a file that another process replaces: a projected service account token, ``tokenFile``."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from steersman.client.config.credentials import ClientCertificate, Headers, bearer_headers, is_header_value
from steersman.client.config.errors import CredentialError

_log = logging.getLogger(__name__)

# A projected token lives ten minutes at least and is replaced at 80 % of its life: a minute is half of what remains.
_PERIOD = 60.0
_LEEWAY = 10.0


class TokenFile:
    """Reads the file at the first request, and again when what it has is 50 seconds old or was rejected.

    Where the file cannot be read, the last good token stays in use, and before there was one, ``fallback``.
    ``clock`` counts seconds, monotonic.
    """

    client_certificate: ClientCertificate | None = None

    def __init__(self, path: str | Path, fallback: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._path = Path(path)
        self._clock = clock
        self._token = fallback
        self._headers = bearer_headers(fallback)
        self._fresh_until = float("-inf")

    def __repr__(self) -> str:
        return f"TokenFile({str(self._path)!r})"

    async def headers(self) -> Headers:
        if self._clock() >= self._fresh_until:
            self._read()
        return self._headers

    async def refresh(self, rejected: Headers) -> bool:
        if rejected is self._headers:
            self._read()
        return rejected is not self._headers

    def _read(self) -> None:
        try:
            token = self._path.read_text().strip()
            problem = "it is empty" if not token else "" if is_header_value(token) else "it is no token"
        except (OSError, UnicodeDecodeError) as error:
            token, problem = "", getattr(error, "strerror", None) or "it is not text"
        if problem:
            if not self._token:
                raise CredentialError(f"{self._path}: cannot read a token: {problem}")
            _log.warning("%s: cannot read a token, using the one from before: %s", self._path, problem)
            return
        self._fresh_until = self._clock() + _PERIOD - _LEEWAY
        if token != self._token:
            self._token, self._headers = token, bearer_headers(token)
