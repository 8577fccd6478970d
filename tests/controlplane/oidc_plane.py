"""A control plane that takes the tokens of a provider, and who it says that they are of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authentication.oidc.fake_clock import FakeClock
from tests.apiserver.authorization.people import eventually
from tests.controlplane.identity_provider import IdentityProvider

from steersman.controlplane import ControlPlane
from steersman.controlplane.authentication import AuthenticationOptions
from steersman.controlplane.oidc_options import OidcOptions

ME = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
UNAUTHORIZED = (401, "Unauthorized", "Unauthorized")


@asynccontextmanager
async def serving(
    provider: IdentityProvider, clock: FakeClock, *, ready: bool = True, **options: Any
) -> AsyncIterator[ControlPlane]:
    """A control plane that takes the provider's tokens; ``ready`` waits until it does."""
    flags: dict[str, Any] = {
        "issuer_url": provider.url,
        "client_id": "us",
        "ca_file": provider.authority,
        "username_prefix": "-",
        "groups_claim": "groups",
    }
    oidc = OidcOptions(clock=clock.clock, **({**flags, **options} if "configuration" not in options else options))
    async with ControlPlane(store="memory:", authentication=AuthenticationOptions(oidc=oidc)) as plane:
        if ready:
            await taken(plane, provider.token(groups=[], email="a", email_verified=True, hd="example.com"))
        yield plane


async def whoami(plane: ControlPlane, token: str) -> Any:
    """The user of a token, on a new connection."""
    reply = await Client(plane.handler, None, token).create(ME, {})
    return reply.body["status"]["userInfo"] if reply.status == 201 else failure(reply)


async def taken(plane: ControlPlane, token: str) -> None:
    """Returns once the token is."""

    async def is_taken() -> bool:
        return bool(await whoami(plane, token) != UNAUTHORIZED)

    await eventually(is_taken)


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    """Returns once that is in the log."""

    async def is_logged() -> bool:
        return text in caplog.text

    await eventually(is_logged)


async def fetched(provider: IdentityProvider, count: int) -> None:
    """Returns once the provider was asked so often."""

    async def is_so() -> bool:
        return len(provider.asked) >= count

    await eventually(is_so)
