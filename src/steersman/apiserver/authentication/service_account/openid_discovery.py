"""``/.well-known/openid-configuration`` and ``/openid/v1/jwks``: how others verify the tokens that this server issues.

OpenID Connect Discovery 1.0, as far as KEP-1393 has it; RFC 7517 for the key set.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from steersman.apiserver.authentication.service_account.issuer import TokenIssuer
from steersman.apiserver.document import require_read
from steersman.apiserver.http.message import Handler, Request, Response

CONFIGURATION_PATH, KEYS_PATH = "/.well-known/openid-configuration", "/openid/v1/jwks"
_KEY_SET = b"application/jwk-set+json"
_HEADERS = ((b"Cache-Control", b"public, max-age=3600"),)


class OpenIDDiscovery:
    """``keys_uri`` says where others read the keys, by default here: ``host`` is this server's host and port."""

    def __init__(self, issuer: TokenIssuer, keys_uri: str, host: Callable[[], str]) -> None:
        self._issuer, self._keys_uri, self._host = issuer, keys_uri, host

    def routes(self) -> Mapping[str, Handler]:
        """None where the issuer's name is no https URL, with which nobody could find them."""
        if not is_issuer_url(self._issuer.issuers[0]):
            return {}
        return {CONFIGURATION_PATH: self._configuration, KEYS_PATH: self._keys}

    async def _configuration(self, request: Request) -> Response:
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

    async def _keys(self, request: Request) -> Response:
        require_read(request)
        return Response(200, orjson.dumps({"keys": await self._key_set()}), _KEY_SET, _HEADERS)

    async def _key_set(self) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._read)

    def _read(self) -> list[dict[str, Any]]:
        self._issuer.keys.signing()
        return [key.jwk() for key in self._issuer.keys.accepted()]


def is_issuer_url(issuer: str) -> bool:
    """Whether OpenID Connect allows the name: an https URL without query and fragment."""
    parts = urlsplit(issuer)
    return parts.scheme == "https" and bool(parts.netloc) and not parts.query and not parts.fragment
