"""A control plane that serves HTTP, and clients that reach it through a socket, each as whom it wants."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from steersman.client.config import Config, Impersonation
from steersman.client.config.credentials import bearer_token
from steersman.controlplane import ControlPlane

ADMIN = ("system:apiserver", "system:masters")
"""By name and groups, one who may do everything."""


class HttpServer(NamedTuple):
    control_plane: ControlPlane
    token: str
    """That of ADMIN."""

    def config(self, name: str = ADMIN[0], *groups: str) -> Config:
        """Of a client that is ADMIN, or acts as somebody else; without a limit on its requests."""
        who = Impersonation() if name == ADMIN[0] else Impersonation(name, groups=groups)
        return Config(self.control_plane.insecure_url, credentials=bearer_token(self.token), impersonation=who, qps=-1)


@asynccontextmanager
async def serving_http(**options: Any) -> AsyncIterator[HttpServer]:
    """A control plane with these ``options``."""
    token = secrets.token_urlsafe(16)
    with TemporaryDirectory() as directory:
        tokens = Path(directory, "tokens.csv")
        tokens.touch(mode=0o600)
        name, *groups = ADMIN
        tokens.write_text(f'{token},{name},,"{",".join(groups)}"\n')
        async with ControlPlane(insecure_http="127.0.0.1:0", token_auth_file=tokens, **options) as control_plane:
            yield HttpServer(control_plane, token)
