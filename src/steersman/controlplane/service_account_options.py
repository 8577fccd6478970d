"""How a control plane signs and accepts the tokens of service accounts."""

from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

ISSUER = "https://kubernetes.default.svc.cluster.local"
_LEAST_SECONDS, _MOST_SECONDS = 3600, 1 << 32


class ServiceAccountOptions(Struct, frozen=True):
    """How tokens of service accounts are signed and accepted.

    ``issuers``: the first signs, the others are accepted. ``signing_key_file`` is PEM (EC or RSA; without one a key is
    made in the data directory), ``key_files`` are more keys to accept. ``audiences`` are those of the server, its
    issuers if none are said. ``most_token_seconds`` 0: a token holds as long as is asked for. ``extend_tokens`` gives
    those that are mounted into Pods a year. ``keys_uri`` is where others read the keys, if not here. Raises ValueError
    for what cannot be.
    """

    issuers: tuple[str, ...] = (ISSUER,)
    signing_key_file: Path | None = None
    key_files: tuple[Path, ...] = ()
    audiences: tuple[str, ...] = ()
    most_token_seconds: int = 0
    extend_tokens: bool = True
    keys_uri: str = ""

    @property
    def api_audiences(self) -> tuple[str, ...]:
        """Whom tokens for this server are for."""
        return self.audiences or self.issuers

    def __post_init__(self) -> None:
        if not self.issuers or not all(self.issuers):
            raise ValueError("the issuer of service account tokens must have a name")
        for issuer in self.issuers:
            if ":" in issuer and (not urlsplit(issuer).scheme or " " in issuer or not issuer.isprintable()):
                raise ValueError(f"service-account-issuer {issuer!r} contained a ':' but was not a valid URL")
        if self.most_token_seconds and not _LEAST_SECONDS <= self.most_token_seconds <= _MOST_SECONDS:
            raise ValueError("the service-account-max-token-expiration must be between 1 hour and 2^32 seconds")
        if self.keys_uri and urlsplit(self.keys_uri).scheme != "https":
            raise ValueError(f"service-account-jwks-uri requires https scheme, parsed as: {self.keys_uri}")


def is_issuer_url(issuer: str) -> bool:
    """Whether OpenID Connect Discovery allows the name: an https URL without query and fragment."""
    parts = urlsplit(issuer)
    return parts.scheme == "https" and bool(parts.netloc) and not parts.query and not parts.fragment
