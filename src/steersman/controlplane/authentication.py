"""The authenticators of a control plane."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.token_webhook import TokenWebhook
from steersman.controlplane.authorization import VERSIONS
from steersman.controlplane.oidc_options import OidcOptions
from steersman.controlplane.review_webhook import ReviewWebhook

if TYPE_CHECKING:
    from steersman.controlplane.oidc import Oidc


class AuthenticationOptions(Struct, frozen=True):
    """``token_webhook_config`` is a kubeconfig file; an answer holds for ``token_webhook_seconds``. ``oidc`` is None
    where there are no identity providers.

    Raises ValueError for a version that reviews do not have.
    """

    token_webhook_config: Path | None = None
    token_webhook_version: str = "v1beta1"  # noqa: S105 (a version)
    token_webhook_seconds: float = 120.0
    oidc: OidcOptions | None = None

    def __post_init__(self) -> None:
        if self.token_webhook_version not in VERSIONS:
            listed = ", ".join(VERSIONS)
            raise ValueError(f"{self.token_webhook_version!r} is no version of reviews: choose one of {listed}")


class Authentication:
    """What asks others who a request comes from; ``issuers`` are those of our own tokens, which no others may be.

    ``audiences`` are those of this server. ``token_webhook`` is None where there is none. Raises ValueError for a file
    that cannot be used.
    """

    def __init__(
        self, options: AuthenticationOptions, issuers: Sequence[str] = (), audiences: Sequence[str] = ()
    ) -> None:
        path = options.token_webhook_config
        self._webhook = ReviewWebhook(path) if path is not None else None
        self._oidc = _oidc(options.oidc, issuers) if options.oidc is not None else None
        self.token_webhook: TokenWebhook | None = None
        if self._webhook is not None:
            self.token_webhook = TokenWebhook(
                self._webhook.post,
                options.token_webhook_version,
                options.token_webhook_seconds,
                audiences=audiences,
            )

    def authenticators(self) -> Sequence[Authenticator]:
        """In the order in which they are to be asked, after those that need not ask others."""
        found: list[Authenticator] = []
        if self._oidc is not None:
            found += self._oidc.authenticators()
        if self.token_webhook is not None:
            found.append(self.token_webhook)
        return found + list(self._oidc.last_authenticators() if self._oidc is not None else ())

    def start(self) -> None:
        """Begin to ask identity providers for their keys."""
        if self._oidc is not None:
            self._oidc.start()

    async def close(self) -> None:
        if self._oidc is not None:
            await self._oidc.close()
        if self._webhook is not None:
            await self._webhook.close()


def _oidc(options: OidcOptions, disallowed: Sequence[str]) -> "Oidc":
    # Imported for those who have identity providers: everyone else's server starts sooner.
    from steersman.controlplane.oidc import Oidc

    return Oidc(options, disallowed)
