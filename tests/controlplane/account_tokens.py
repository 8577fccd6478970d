"""A control plane whose signing key the test has too, so that it can make tokens of every kind."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from tests.apiserver.api_client import Client, failure

from steersman.apiserver.authentication.service_account.keys import make_signing_key, read_signing_key
from steersman.apiserver.authentication.service_account.signatures import signed
from steersman.controlplane import ControlPlane
from steersman.controlplane.service_account_options import ServiceAccountOptions

ISSUER = "https://kubernetes.default.svc.cluster.local"
ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
PODS, SECRETS = "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/secrets"
NODES = "/api/v1/nodes"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ROBOT = "system:serviceaccount:default:robot"


def make_key(path: Path) -> Path:
    """A file with a new private key on P-256."""
    path.write_bytes(make_signing_key())
    path.chmod(0o600)
    return path


class Server:
    """``admin`` may do everything; there is a service account ``robot``."""

    def __init__(self, plane: ControlPlane, key: Path) -> None:
        self.plane, self.key, self.admin = plane, key, Client(plane.handler)

    async def token(self, name: str = "robot", **spec: Any) -> str:
        """A token that the server issues."""
        answer = await self.admin.made(f"{ACCOUNTS}/{name}/token", {"spec": spec})
        token: str = answer["status"]["token"]
        return token

    def signed(self, claims: Mapping[str, Any], key: Path | None = None) -> str:
        """A token that the test makes."""
        return signed(claims, read_signing_key((key or self.key).read_bytes()))

    async def whoami(self, token: str) -> Any:
        """The user whom the server takes the bearer for, on a new connection; or how it refuses."""
        reply = await Client(self.plane.handler, None, token).create(ME, {})
        return reply.body["status"]["userInfo"] if reply.status == 201 else failure(reply)

    async def review(self, token: str, *audiences: str) -> Any:
        """The status of a TokenReview."""
        spec = {"token": token, **({"audiences": list(audiences)} if audiences else {})}
        return (await self.admin.made(REVIEWS, {"spec": spec}))["status"]


@asynccontextmanager
async def serving(
    directory: Path, version: str = "1.37", key: Path | None = None, **options: Any
) -> AsyncIterator[Server]:
    """``options`` are fields of ServiceAccountOptions."""
    key = key or make_key(directory / "signing.key")
    accounts = ServiceAccountOptions(signing_key_file=key, **options)
    async with ControlPlane(store="memory:", version=version, service_accounts=accounts) as plane:
        server = Server(plane, key)
        await server.admin.made(ACCOUNTS, {"metadata": {"name": "robot"}})
        yield server


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims."""
    header, claims = (orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2])
    return header, claims


def encoded(value: Mapping[str, Any]) -> str:
    """A part of a token."""
    return urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def pod(name: str = "web", account: str = "robot", node: str = "") -> dict[str, Any]:
    spec = {"serviceAccountName": account, "containers": [{"name": "web", "image": "nginx:1"}]}
    return {"metadata": {"name": name}, "spec": {**spec, **({"nodeName": node} if node else {})}}
