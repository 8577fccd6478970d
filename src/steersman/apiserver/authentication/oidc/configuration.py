"""The configuration of issuers, as it is written: AuthenticationConfiguration of apiserver.config.k8s.io (KEP-3331)."""

import re
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from steersman.apimachinery.encoding import yaml
from steersman.apimachinery.errors import ApiError

KIND: Final = "AuthenticationConfiguration"
API_VERSIONS: Final = tuple(f"apiserver.config.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_AT = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)


class _Part(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Empty strings and lists stand for what is not there, as in the API's own types."""


class Issuer(_Part, frozen=True):
    url: str = ""
    discovery_url: str = field(default="", name="discoveryURL")
    certificate_authority: str = ""
    audiences: tuple[str, ...] = ()
    audience_match_policy: str = ""
    egress_selector_type: str = ""


class ClaimValidationRule(_Part, frozen=True):
    claim: str = ""
    required_value: str = ""
    expression: str = ""
    message: str = ""


class ClaimOrExpression(_Part, frozen=True):
    claim: str = ""
    expression: str = ""


class PrefixedClaimOrExpression(_Part, frozen=True):
    claim: str = ""
    prefix: str | None = None
    expression: str = ""


class ExtraMapping(_Part, frozen=True):
    key: str = ""
    value_expression: str = ""


class ClaimMappings(_Part, frozen=True):
    username: PrefixedClaimOrExpression = PrefixedClaimOrExpression()
    groups: PrefixedClaimOrExpression = PrefixedClaimOrExpression()
    uid: ClaimOrExpression = ClaimOrExpression()
    extra: tuple[ExtraMapping, ...] = ()


class UserValidationRule(_Part, frozen=True):
    expression: str = ""
    message: str = ""


class JWTAuthenticator(_Part, frozen=True):
    """One issuer: whose tokens are taken, and what user is made of them."""

    issuer: Issuer = Issuer()
    claim_validation_rules: tuple[ClaimValidationRule, ...] = ()
    claim_mappings: ClaimMappings = ClaimMappings()
    user_validation_rules: tuple[UserValidationRule, ...] = ()


class AnonymousCondition(_Part, frozen=True):
    path: str = ""


class AnonymousConfiguration(_Part, frozen=True):
    enabled: bool = False
    conditions: tuple[AnonymousCondition, ...] = ()


class AuthenticationConfiguration(_Part, frozen=True):
    api_version: str = ""
    kind: str = ""
    jwt: tuple[JWTAuthenticator, ...] = ()
    anonymous: AnonymousConfiguration | None = None


def decode_configuration(data: bytes) -> AuthenticationConfiguration:
    """YAML or JSON, read strictly: members that nobody knows, or that stand twice, are errors.

    Raises ValueError, with one line that has the path of what is wrong.
    """
    if not data.strip():
        raise ValueError("empty config data")
    try:
        document, duplicates = yaml.decode_with_duplicates(data)
    except ApiError as error:
        raise ValueError(error.message) from None
    if not isinstance(document, dict):
        raise ValueError("must be an object")
    if document.get("kind") != KIND or document.get("apiVersion") not in API_VERSIONS:
        raise ValueError(f"must be an {KIND} of apiVersion {' or '.join(API_VERSIONS)}")
    if duplicates:
        raise ValueError(f'strict decoding error: duplicate field "{duplicates[0]}"')
    try:
        return msgspec.convert(_without_nulls(document), AuthenticationConfiguration)
    except msgspec.ValidationError as error:
        raise ValueError(_explain(str(error))) from None


def _without_nulls(value: Any) -> Any:
    """A member that is null is one that is not there."""
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    return [_without_nulls(element) for element in value] if isinstance(value, list) else value


def _explain(problem: str) -> str:
    """msgspec's error with the path in front, as Kubernetes writes paths."""
    found = _AT.fullmatch(problem)
    what, where = (found[1], found[2] or "") if found else (problem, "")
    if unknown := _UNKNOWN.fullmatch(what):
        return f'strict decoding error: unknown field "{where}{"." if where else ""}{unknown[1]}"'
    what = what.replace("`", "")
    return f"{where}: {what[:1].lower()}{what[1:]}" if where else what
