"""Flags of ``serve`` about the tokens of service accounts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from steersman.apimachinery.duration import parse_duration
from steersman.controlplane.service_account_options import ISSUER, ServiceAccountOptions

SigningKey = Annotated[
    Path | None,
    typer.Option(
        metavar="PEM",
        help="The private key, EC or RSA, that signs tokens of service accounts.",
        show_default="one that is made in the data directory",
    ),
]
Keys = Annotated[
    list[Path] | None,
    typer.Option(
        "--service-account-key-file",
        metavar="PEM",
        help="More keys, public or private, whose tokens are accepted; can be given several times.",
        show_default="none",
    ),
]
Issuers = Annotated[
    list[str] | None,
    typer.Option(
        "--service-account-issuer",
        metavar="URL",
        help="Who issues tokens, as they say themselves; when given several times, the others are accepted only.",
        show_default=ISSUER,
    ),
]
Audiences = Annotated[
    str,
    typer.Option(
        "--api-audiences", metavar="A,B", help="Whom tokens for this server are for.", show_default="the issuers"
    ),
]
MaxExpiration = Annotated[
    str,
    typer.Option(
        metavar="DURATION", help="How long a token holds at most, such as 24h.", show_default="as long as asked for"
    ),
]
Extend = Annotated[
    bool,
    typer.Option(
        "--service-account-extend-token-expiration/--no-service-account-extend-token-expiration",
        help="Have tokens that are mounted into Pods hold for a year, for clients that never read them anew.",
    ),
]
KeysUri = Annotated[
    str,
    typer.Option(
        "--service-account-jwks-uri",
        metavar="URL",
        help="Where others read the public keys, as the discovery document says.",
        show_default="/openid/v1/jwks here",
    ),
]


@dataclass(frozen=True, slots=True)
class ServiceAccountFlags:
    """A field for each flag."""

    PANEL: ClassVar = "Service accounts"

    service_account_signing_key_file: SigningKey = None
    service_account_key_file: Keys = None
    service_account_issuer: Issuers = None
    api_audiences: Audiences = ""
    service_account_max_token_expiration: MaxExpiration = ""
    service_account_extend_token_expiration: Extend = True
    service_account_jwks_uri: KeysUri = ""

    def options(self) -> ServiceAccountOptions:
        """Raises ValueError for flags that cannot be."""
        return ServiceAccountOptions(
            tuple(self.service_account_issuer or (ISSUER,)),
            self.service_account_signing_key_file,
            tuple(self.service_account_key_file or ()),
            tuple(one.strip() for one in self.api_audiences.split(",") if one.strip()),
            _seconds(self.service_account_max_token_expiration),
            self.service_account_extend_token_expiration,
            self.service_account_jwks_uri,
        )


def _seconds(duration: str) -> int:
    try:
        return int(parse_duration(duration)) if duration else 0
    except ValueError as error:
        raise ValueError(f"service-account-max-token-expiration: {error}") from None
