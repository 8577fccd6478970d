"""Options of OpenID Connect, as the ``--oidc-*`` flags and ``--authentication-config`` of kube-apiserver have them."""

from pathlib import Path

from msgspec import Struct

from steersman.apiserver.authentication.oidc.clock import Clock


class OidcOptions(Struct, frozen=True):
    """Either ``configuration``, an AuthenticationConfiguration file, or one issuer: ``issuer_url`` and ``client_id``.

    ``username_prefix`` is the issuer's URL and ``#`` where it is empty, except for the claim ``email``; ``-`` is none.
    ``required_claims`` are values by claim. A provider may take ``fetch_seconds`` for an answer.
    """

    configuration: Path | None = None
    issuer_url: str = ""
    client_id: str = ""
    username_claim: str = "sub"
    username_prefix: str = ""
    groups_claim: str = ""
    groups_prefix: str = ""
    required_claims: tuple[tuple[str, str], ...] = ()
    signing_algorithms: tuple[str, ...] = ("RS256",)
    ca_file: Path | None = None
    fetch_seconds: float = 30.0
    clock: Clock = Clock()
