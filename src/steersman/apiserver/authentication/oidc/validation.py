"""What an AuthenticationConfiguration may say, and what it is compiled to (KEP-3331)."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid, field_too_many
from steersman.apiserver.authentication.oidc.claims_mapping import ClaimsMapping
from steersman.apiserver.authentication.oidc.configuration import (
    AuthenticationConfiguration,
    Issuer,
    JWTAuthenticator,
)
from steersman.apiserver.authentication.oidc.issuer_validation import issuer_errors
from steersman.apiserver.authentication.oidc.mapping_validation import MappingCompiler

MAX_AUTHENTICATORS: Final = 64
MAX_REPORTED: Final = 8
MAX_CHARACTERS: Final = 4096


class TrustedIssuer(NamedTuple):
    """An issuer, valid and compiled; ``groups_claim`` is the claim that may be kept elsewhere, empty for none."""

    issuer: Issuer
    mapping: ClaimsMapping
    groups_claim: str


def compile_configuration(
    configuration: AuthenticationConfiguration, disallowed: Collection[str] = ()
) -> Sequence[TrustedIssuer]:
    """The issuers. Raises ValueError, in one line of bounded length, with the paths of what is wrong.

    ``disallowed`` are URLs that are issuers already: those of service account tokens.
    """
    errors: list[FieldError] = []
    found: list[TrustedIssuer] = []
    authenticators = configuration.jwt
    if len(authenticators) > MAX_AUTHENTICATORS:
        raise ValueError(str(field_too_many("jwt", len(authenticators), MAX_AUTHENTICATORS)))
    for at, authenticator in enumerate(authenticators):
        path = f"jwt[{at}]"
        errors += issuer_errors(authenticator.issuer, f"{path}.issuer", disallowed)
        mapping = MappingCompiler(path, errors).compile(authenticator)
        _check_unique(authenticators, at, f"{path}.issuer", errors)
        found.append(TrustedIssuer(authenticator.issuer, mapping, authenticator.claim_mappings.groups.claim))
    anonymous = configuration.anonymous
    if anonymous is not None and anonymous.conditions and not anonymous.enabled:
        paths = [{"path": condition.path} for condition in anonymous.conditions]
        errors.append(
            field_invalid("anonymous.conditions", paths, "enabled should be set to true when conditions are defined")
        )
    if errors:
        raise ValueError(_told(errors))
    return found


def _check_unique(authenticators: Sequence[JWTAuthenticator], at: int, path: str, errors: list[FieldError]) -> None:
    here, earlier = authenticators[at].issuer, [one.issuer for one in authenticators[:at]]
    if here.url in [one.url for one in earlier]:
        errors.append(field_duplicate(f"{path}.url", here.url))
    if here.discovery_url and here.discovery_url in [one.discovery_url for one in earlier]:
        errors.append(field_duplicate(f"{path}.discoveryURL", here.discovery_url))


def _told(errors: Sequence[FieldError]) -> str:
    """Several errors in one line, as Go's aggregates are printed; the first ones of many."""
    told = [str(error) for error in errors[:MAX_REPORTED]]
    if len(errors) > MAX_REPORTED:
        told.append(f"and {len(errors) - MAX_REPORTED} more")
    line = " ".join((told[0] if len(told) == 1 else f"[{', '.join(told)}]").split("\n"))
    return line if len(line) <= MAX_CHARACTERS else f"{line[:MAX_CHARACTERS]}…"
