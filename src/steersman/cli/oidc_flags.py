"""Flags of ``serve`` that say which identity providers sign tokens for users, as those of kube-apiserver do."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from steersman.controlplane.oidc_options import OidcOptions

Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="An AuthenticationConfiguration: issuers of tokens, claim mappings and rules. Not with --oidc-* flags.",
        show_default="none",
    ),
]
IssuerUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="The OpenID Connect issuer whose tokens are taken; https only.", show_default="none"
    ),
]
ClientId = Annotated[str | None, typer.Option(metavar="ID", help="For whom its tokens must be.", show_default="none")]
UsernameClaim = Annotated[
    str | None, typer.Option(metavar="CLAIM", help="The claim that is the user's name.", show_default="sub")
]
UsernamePrefix = Annotated[
    str | None,
    typer.Option(
        metavar="PREFIX",
        help="Before users' names; - for none.",
        show_default="the issuer's URL and #, except for the claim email",
    ),
]
GroupsClaim = Annotated[
    str | None, typer.Option(metavar="CLAIM", help="The claim that has the groups.", show_default="no groups")
]
GroupsPrefix = Annotated[str | None, typer.Option(metavar="PREFIX", help="Before groups.", show_default="none")]
RequiredClaim = Annotated[
    list[str] | None,
    typer.Option(metavar="CLAIM=VALUE", help="A claim that tokens must have; repeatable.", show_default="none"),
]
SigningAlgs = Annotated[
    str | None, typer.Option(metavar="A,B", help="Algorithms that tokens may be signed with.", show_default="RS256")
]
CaFile = Annotated[
    Path | None,
    typer.Option(metavar="PEM", help="The authority of the issuer's certificate.", show_default="the system's"),
]


@dataclass(frozen=True, slots=True)
class OidcFlags:
    """A field for each flag, named as it; None where it was not given."""

    PANEL: ClassVar = "OpenID Connect"

    authentication_config: Config = None
    oidc_issuer_url: IssuerUrl = None
    oidc_client_id: ClientId = None
    oidc_username_claim: UsernameClaim = None
    oidc_username_prefix: UsernamePrefix = None
    oidc_groups_claim: GroupsClaim = None
    oidc_groups_prefix: GroupsPrefix = None
    oidc_required_claim: RequiredClaim = None
    oidc_signing_algs: SigningAlgs = None
    oidc_ca_file: CaFile = None

    def options(self) -> OidcOptions | None:
        """None where there is no issuer. Raises ValueError for flags that cannot be, or not together."""
        given = [one.name for one in fields(self) if one.name.startswith("oidc_") and getattr(self, one.name)]
        if self.authentication_config is not None:
            if given:
                raise ValueError("authentication-config file and oidc-* flags are mutually exclusive")
            return OidcOptions(self.authentication_config)
        if not given:
            return None
        if not self.oidc_issuer_url or not self.oidc_client_id:
            raise ValueError(
                "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set"
            )
        return OidcOptions(
            None,
            self.oidc_issuer_url,
            self.oidc_client_id,
            self.oidc_username_claim or "sub",
            self.oidc_username_prefix or "",
            self.oidc_groups_claim or "",
            self.oidc_groups_prefix or "",
            _pairs(self.oidc_required_claim or ()),
            tuple(name.strip() for name in (self.oidc_signing_algs or "RS256").split(",")),
            self.oidc_ca_file,
        )


def _pairs(required: list[str] | tuple[()]) -> tuple[tuple[str, str], ...]:
    """The last one of a claim counts."""
    pairs: dict[str, str] = {}
    for one in required:
        claim, equals, value = one.partition("=")
        if not equals:
            raise ValueError(f"oidc-required-claim: malformed pair {one!r}, expect CLAIM=VALUE")
        pairs[claim.strip()] = value.strip()
    return tuple(pairs.items())
