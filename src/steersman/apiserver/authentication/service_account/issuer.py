"""Who issues tokens: the name, the key, and whom tokens are for unless somebody else is named."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steersman.apiserver.authentication.service_account.claims import Reference, legacy_claims
from steersman.apiserver.authentication.service_account.key_ring import KeyRing


class TokenIssuer:
    """``issuers``: the first one's name stands in new tokens, those of the others are accepted too.

    ``audiences`` are those of this server, ``clock`` gives seconds since the epoch.
    """

    def __init__(
        self,
        keys: KeyRing,
        issuers: Sequence[str],
        audiences: Sequence[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys, self.issuers, self.clock = keys, tuple(issuers), clock
        self.audiences = tuple(audiences)

    async def issue(self, claims: Mapping[str, Any]) -> str:
        """A signed token. Raises ValueError or OSError where there is no key to sign with."""
        return await asyncio.to_thread(self._sign, {"iss": self.issuers[0], **claims})

    async def issue_for_secret(self, namespace: str, account: str, uid: str, secret_name: str) -> str:
        """A token of an account, by name and uid, that stands in a Secret. Raises as :meth:`issue`."""
        return await self.issue(legacy_claims(namespace, Reference(account, uid), secret_name))

    def _sign(self, claims: Mapping[str, Any]) -> str:
        key = self.keys.signing()
        from steersman.apiserver.authentication.service_account.signatures import signed

        return signed(claims, key)
