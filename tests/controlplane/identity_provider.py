"""An OpenID Connect provider over real HTTPS, with a certificate of its own, that answers as a test tells it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from tests.admission.webhook.webhook_server import certificate
from tests.apiserver.authentication.oidc.fake_clock import START
from tests.apiserver.authentication.oidc.signer import Signer, key_set, signer

DOCUMENT, KEYS = "/.well-known/openid-configuration", "/keys"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class IdentityProvider:
    """``signers`` are those whose public keys it tells; ``answers`` has other answers by path; ``asked`` the paths."""

    def __init__(self, url: str, authority: Path) -> None:
        self.url, self.authority = url, authority
        self.signers: list[Signer] = [signer()]
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.authorizations: list[str] = []
        self.asked_event = asyncio.Event()

    def claims(self, **more: Any) -> dict[str, Any]:
        """Good ones; those that are None are left out."""
        claims = {"iss": self.url, "aud": "us", "sub": "jane", "exp": int(START) + 3600, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, by: Signer | None = None, **claims: Any) -> str:
        return (by or self.signers[0]).sign(self.claims(**claims))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        self.authorizations.append(request.headers.get("Authorization", ""))
        self.asked_event.set()
        if answer := self.answers.get(request.path):
            return await answer(request)
        if request.path == DOCUMENT:
            return web.json_response({"issuer": self.url, "jwks_uri": self.url + KEYS})
        return web.Response(body=key_set(*self.signers), content_type="application/json")

    def says(self, path: str, status: int = 200, **response: Any) -> None:
        """Answer a path always so."""

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, **response)

        self.answers[path] = answer


@asynccontextmanager
async def identity_provider(directory: Path) -> AsyncIterator[IdentityProvider]:
    pem, key = certificate("127.0.0.1")
    authority, private = directory / "provider.crt", directory / "provider.key"
    authority.write_bytes(pem)
    private.write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    application = web.Application()
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await asyncio.to_thread(signer)
    providers: list[IdentityProvider] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        return await providers[0].handle(request)

    application.router.add_get("/{path:.*}", handle)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    provider = IdentityProvider(f"https://127.0.0.1:{runner.addresses[0][1]}", authority)
    providers.append(provider)
    try:
        yield provider
    finally:
        await runner.cleanup()
