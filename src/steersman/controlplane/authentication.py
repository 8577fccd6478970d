"""The authenticators of a control plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.token_webhook import TokenWebhook
from steersman.controlplane.authorization import VERSIONS
from steersman.controlplane.review_webhook import ReviewWebhook


@dataclass(frozen=True, slots=True)
class AuthenticationOptions:
    """``token_webhook_config`` is a kubeconfig file; an answer holds for ``token_webhook_seconds``.

    Raises ValueError for a version that reviews do not have.
    """

    token_webhook_config: Path | None = None
    token_webhook_version: str = "v1beta1"  # noqa: S105 (a version)
    token_webhook_seconds: float = 120.0

    def __post_init__(self) -> None:
        if self.token_webhook_version not in VERSIONS:
            listed = ", ".join(VERSIONS)
            raise ValueError(f"{self.token_webhook_version!r} is no version of reviews: choose one of {listed}")


class Authentication:
    """What asks others who a request comes from. Raises ValueError for a file that cannot be used."""

    def __init__(self, options: AuthenticationOptions) -> None:
        path = options.token_webhook_config
        self._webhook = ReviewWebhook(path) if path is not None else None
        self._options = options

    def authenticators(self) -> Sequence[Authenticator]:
        if self._webhook is None:
            return ()
        options = self._options
        return (TokenWebhook(self._webhook.post, options.token_webhook_version, options.token_webhook_seconds),)

    async def close(self) -> None:
        if self._webhook is not None:
            await self._webhook.close()
