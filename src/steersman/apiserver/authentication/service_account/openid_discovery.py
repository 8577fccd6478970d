"""``/.well-known/openid-configuration`` and ``/openid/v1/jwks``: how others verify the tokens that this server issues.

OpenID Connect Discovery 1.0, as far as KEP-1393 has it; RFC 7517 for the key set.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from steersman.apimachinery.errors import internal_error
from steersman.apiserver.authentication.service_account import KEYS_PATH
from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
from steersman.apiserver.document import require_read
from steersman.apiserver.http.message import Request, Response

_KEY_SET = b"application/jwk-set+json"
_HEADERS = ((b"Cache-Control", b"public, max-age=3600"),)


class OpenIDDiscovery:
    """``keys_uri`` says where others read the keys, by default here: ``host`` is this server's host and port."""

    def __init__(self, issuer: TokenIssuer, keys_uri: str, host: Callable[[], str]) -> None:
        self._issuer, self._keys_uri, self._host = issuer, keys_uri, host

    async def configuration(self, request: Request) -> Response:
        """The provider's configuration."""
        require_read(request)
        keys = await self._key_set()
        host = self._host()
        here = f"https://{host}" if host else self._issuer.issuers[0].rstrip("/")
        document = {
            "issuer": self._issuer.issuers[0],
            "jwks_uri": self._keys_uri or f"{here}{KEYS_PATH}",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": sorted({key["alg"] for key in keys}),
        }
        return Response(200, orjson.dumps(document), headers=_HEADERS)

    async def keys(self, request: Request) -> Response:
        """The keys whose signatures are accepted; the first one signs."""
        require_read(request)
        return Response(200, orjson.dumps({"keys": await self._key_set()}), _KEY_SET, _HEADERS)

    async def _key_set(self) -> list[dict[str, Any]]:
        try:
            return await asyncio.to_thread(self._read)
        except (OSError, ValueError) as error:
            raise internal_error(f"the keys cannot be read: {error}") from None

    def _read(self) -> list[dict[str, Any]]:
        self._issuer.keys.signing()
        return [key.jwk() for key in self._issuer.keys.accepted()]
