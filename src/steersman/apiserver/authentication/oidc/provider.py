"""An identity provider: its discovery document and its keys, fetched when they are needed and from time to time.

OpenID Connect Discovery 1.0; the rotation of keys is that of OpenID Connect Core 1.0, section 10.1.1.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import orjson

from steersman.apiserver.authentication.oidc.clock import Clock
from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.oidc.signature import Key, is_signed_by, read_key_set
from steersman.apiserver.authentication.oidc.token import Token

RETRY_SECONDS: Final = 10.0
"""Between two tries to reach a provider that has not answered yet."""
RENEWAL_SECONDS: Final = 300.0
"""How old keys may get before they are fetched again."""
PAUSE_SECONDS: Final = 10.0
"""Between two fetches that unknown keys in tokens bring about: nobody makes us ask more often."""

SHOWN: Final = 200
"""Characters of what a provider says that are logged."""

_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_logger = logging.getLogger(__name__)

Fetch = Callable[[str, str], Awaitable[bytes]]
"""Gets a URL, with a bearer token where that is not empty. Raises FetchFailed."""


class FetchFailed(Exception):
    """There is no answer, or one that cannot be used. The message is one line."""


class Provider:
    """The keys of one issuer. ``discovery_url`` is where its document is, if not below its URL."""

    def __init__(self, issuer: str, discovery_url: str, fetch: Fetch, clock: Clock) -> None:
        self.issuer = issuer
        self._ready = asyncio.Event()
        self._keys: tuple[Key, ...] = ()
        self._document = discovery_url or issuer.removesuffix("/") + _WELL_KNOWN
        self._fetch, self._clock = fetch, clock
        self._asked: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether its keys have come once."""
        return self._ready.is_set()

    async def ready(self) -> None:
        """Returns once its keys have come."""
        await self._ready.wait()

    async def keep_fresh(self) -> None:
        """Fetches the keys now and again and again, until it is cancelled. Failures are logged."""
        while True:
            try:
                await self._once()
            except FetchFailed as failure:
                _logger.warning("the issuer %s cannot be asked for its keys: %s", self.issuer, failure)
            except Exception:
                _logger.exception("the keys of the issuer %s cannot be fetched", self.issuer)
            await self._clock.sleep(RENEWAL_SECONDS if self.is_ready else RETRY_SECONDS)

    def has_signed(self, token: Token, algorithm: str) -> bool:
        """With one of the keys that we know now."""
        return is_signed_by(token, algorithm, self._keys)

    async def verify(self, token: Token, algorithm: str) -> None:
        """Fetches the keys anew if none that we know has signed the token. Raises Refused if none of those has."""
        if self.has_signed(token, algorithm):
            return
        if self._fetching is not None or self._asked is None or self._clock.monotonic() >= self._asked + PAUSE_SECONDS:
            try:
                await self._once()
            except FetchFailed as failure:
                raise Refused(f"the keys of {self.issuer!r} cannot be fetched: {failure}") from None
        if not self.has_signed(token, algorithm):
            raise Refused(f"no key of {self.issuer!r} that we know has signed it")

    def close(self) -> None:
        """Give up what is being fetched."""
        if self._fetching is not None:
            self._fetching.cancel()

    async def _once(self) -> None:
        """One fetch at a time, whoever waits for it. Raises FetchFailed."""
        if self._fetching is None:
            self._asked = self._clock.monotonic()
            self._fetching = asyncio.ensure_future(self._refresh())
            self._fetching.add_done_callback(self._fetched)
        fetching = self._fetching
        try:
            await asyncio.shield(fetching)
        except asyncio.CancelledError:
            if not fetching.cancelled():
                raise
            raise FetchFailed("it is not asked any more") from None

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            # Whoever waited has been told, if they still do.
            task.exception()

    async def _refresh(self) -> None:
        document = await self._fetch(self._document, "")
        address = _keys_address(document, self.issuer)
        try:
            self._keys = read_key_set(await self._fetch(address, ""))
        except ValueError as error:
            raise FetchFailed(f"{address}: {error}") from None
        if not self.is_ready:
            self._ready.set()
            _logger.info("the keys of the issuer %s have come: its tokens are taken from now on", self.issuer)


def _keys_address(data: bytes, issuer: str) -> str:
    """Where a discovery document says that the keys are."""
    try:
        document = orjson.loads(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise FetchFailed("its discovery document is not a JSON object")
    if document.get("issuer") != issuer:
        got = str(document.get("issuer"))[:SHOWN]
        raise FetchFailed(f"its discovery document is of another issuer: expected {issuer!r}, got {got!r}")
    address = document.get("jwks_uri")
    if not isinstance(address, str) or not address.startswith("https://"):
        raise FetchFailed("its discovery document has no jwks_uri that is https")
    return address
