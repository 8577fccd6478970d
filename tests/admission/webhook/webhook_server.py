"""A real HTTPS server that answers AdmissionReviews as a test wants, and the certificates for it."""

import asyncio
import base64
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Review = dict[str, Any]
Answer = Review | web.Response
Answering = Callable[[Review], Answer | Awaitable[Answer]]


def certificate(*names: str) -> tuple[bytes, bytes]:
    """A certificate that signs itself, for DNS names and IP addresses, and its key; both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def allow(request: Review, **more: Any) -> Review:
    return review({"uid": request["uid"], "allowed": True, **more})


def deny(request: Review, **status: Any) -> Review:
    return review({"uid": request["uid"], "allowed": False, **({"status": status} if status else {})})


def patch(request: Review, *operations: Any) -> Review:
    text = base64.b64encode(json.dumps(operations).encode()).decode()
    return allow(request, patch=text, patchType="JSONPatch")


def review(response: Any, version: str = "v1", kind: str = "AdmissionReview") -> Review:
    return {"apiVersion": f"admission.k8s.io/{version}", "kind": kind, "response": response}


class WebhookServer:
    """Answers each path with the function that is set for it; keeps the requests that came, by path."""

    def __init__(self, ca: bytes, url: str) -> None:
        self.ca, self.url = ca, url
        self.port = int(url.rpartition(":")[2])
        self.answers: dict[str, Answering] = {}
        self.requests: list[tuple[str, Review]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[object] = set()

    def on(self, path: str, answer: Answering) -> None:
        self.answers[path] = answer

    def calls(self, path: str) -> list[Review]:
        return [request for called, request in self.requests if called == path]

    def webhook(self, path: str, name: str = "", **more: Any) -> Review:
        """An entry of ``webhooks`` that sends creations and updates of ConfigMaps to a path of this server."""
        return {
            "name": name or f"{path.strip('/')}.example.com",
            "rules": [
                {
                    "operations": ["CREATE", "UPDATE"],
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "resources": ["configmaps"],
                }
            ],
            "clientConfig": {"url": self.url + path, "caBundle": base64.b64encode(self.ca).decode()},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            **more,
        }

    async def handle(self, http: web.Request) -> web.StreamResponse:
        request = (await http.json())["request"]
        self.requests.append((http.path, request))
        self.headers.append(dict(http.headers))
        self.connections.add(http.transport)
        answer = self.answers[http.path](request)
        if not isinstance(answer, dict | web.Response):
            answer = await answer
        return answer if isinstance(answer, web.Response) else web.json_response(answer)


@asynccontextmanager
async def webhook_server(
    *names: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
) -> AsyncIterator[WebhookServer]:
    """Serving on loopback with a certificate for ``names``; for 127.0.0.1 if there are none."""
    cert, key = certificate(*(names or ("127.0.0.1",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        file = Path(folder, "pair.pem")
        file.write_bytes(cert + key)
        context.load_cert_chain(file)
    app = web.Application(client_max_size=64 << 20)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    holder: list[WebhookServer] = []

    async def handle(http: web.Request) -> web.StreamResponse:
        return await holder[0].handle(http)

    app.router.add_post("/{path:.*}", handler or handle)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        host, port = runner.addresses[0][:2]
        holder.append(WebhookServer(cert, f"https://{host}:{port}"))
        yield holder[0]
    finally:
        await runner.cleanup()


class Gate:
    """An answer that waits until it is let through."""

    def __init__(self) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def answer(self, request: Review) -> Review:
        self.reached.set()
        await self.open.wait()
        return allow(request)
