"""Flags of ``serve`` that say who users are and what they may do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from steersman.apiserver.authorization.webhook import WebhookOptions
from steersman.controlplane.authentication import AuthenticationOptions
from steersman.controlplane.authorization import MODES, AuthorizationOptions
from steersman.controlplane.oidc_options import OidcOptions

_POLICIES = {"NoOpinion": False, "Deny": True}

Mode = Annotated[
    str, typer.Option(metavar="A,B", help=f"Who decides what users may do, in this order; of {', '.join(MODES)}.")
]
WebhookConfig = Annotated[
    Path | None,
    typer.Option(metavar="KUBECONFIG", help="The server that decides, for the mode Webhook.", show_default="none"),
]
ReviewVersion = Annotated[str, typer.Option(metavar="VERSION", help="Of the reviews that are sent: v1 or v1beta1.")]
AuthorizedSeconds = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long an allowance holds.")]
UnauthorizedSeconds = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long a refusal holds.")]
FailurePolicy = Annotated[
    str, typer.Option(metavar="POLICY", help="When the webhook cannot be asked: NoOpinion, or Deny.")
]
TokenWebhookConfig = Annotated[
    Path | None,
    typer.Option(metavar="KUBECONFIG", help="The server that knows whose a bearer token is.", show_default="none"),
]
TokenSeconds = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long an answer about a token holds.")]


@dataclass(frozen=True, slots=True)
class AccessFlags:
    """A field for each flag, named as it; times in seconds."""

    PANEL: ClassVar = "Authentication and authorization"

    authorization_mode: Mode = "RBAC"
    authorization_webhook_config_file: WebhookConfig = None
    authorization_webhook_version: ReviewVersion = "v1beta1"
    authorization_webhook_cache_authorized_ttl: AuthorizedSeconds = 300.0
    authorization_webhook_cache_unauthorized_ttl: UnauthorizedSeconds = 30.0
    authorization_webhook_failure_policy: FailurePolicy = "NoOpinion"
    authentication_token_webhook_config_file: TokenWebhookConfig = None
    authentication_token_webhook_version: ReviewVersion = "v1beta1"  # noqa: S105 (a version)
    authentication_token_webhook_cache_ttl: TokenSeconds = 120.0

    def authentication(self, oidc: OidcOptions | None = None) -> AuthenticationOptions:
        """Raises ValueError for flags that cannot be."""
        return AuthenticationOptions(
            self.authentication_token_webhook_config_file,
            self.authentication_token_webhook_version,
            self.authentication_token_webhook_cache_ttl,
            oidc,
        )

    def authorization(self) -> AuthorizationOptions:
        """Raises ValueError for flags that cannot be, or not together."""
        policy = self.authorization_webhook_failure_policy
        if policy not in _POLICIES:
            raise ValueError(f"{policy!r} is no failure policy: choose one of {', '.join(_POLICIES)}")
        webhook = WebhookOptions(
            self.authorization_webhook_version,
            self.authorization_webhook_cache_authorized_ttl,
            self.authorization_webhook_cache_unauthorized_ttl,
            _POLICIES[policy],
        )
        modes = tuple(mode.strip() for mode in self.authorization_mode.split(",") if mode.strip())
        return AuthorizationOptions(modes, self.authorization_webhook_config_file, webhook)
