"""Clients that reach a server through a socket, each as whom it wants."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from steersman.client.config import Config, Impersonation
from steersman.client.config.credentials import bearer_token
from steersman.controlplane import ControlPlane

LISTEN = "127.0.0.1:0"
ADMIN = ("system:apiserver", "system:masters")
"""By name and groups, one who may do everything."""


class Door(NamedTuple):
    """How to get in: a file of tokens for the server, and the token that it has."""

    tokens: Path
    token: str

    def config(self, server: ControlPlane, name: str = ADMIN[0], *groups: str) -> Config:
        """Of a client that is ADMIN, or acts as somebody else; without a limit on its requests."""
        who = Impersonation() if name == ADMIN[0] else Impersonation(name, groups=groups)
        return Config(server.insecure_url, credentials=bearer_token(self.token), impersonation=who, qps=-1)


@contextmanager
def door() -> Iterator[Door]:
    token = secrets.token_urlsafe(16)
    with TemporaryDirectory() as directory:
        tokens = Path(directory, "tokens.csv")
        tokens.touch(mode=0o600)
        name, *groups = ADMIN
        tokens.write_text(f'{token},{name},1,"{",".join(groups)}"\n')
        yield Door(tokens, token)
