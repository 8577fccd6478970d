"""What an issuer's ``url``, ``audiences`` and the like may be (KEP-3331)."""

import ssl
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid, field_required
from steersman.apiserver.authentication.oidc.configuration import Issuer

_MATCH_ANY = "MatchAny"


def issuer_errors(issuer: Issuer, path: str, disallowed: Collection[str] = ()) -> Iterator[FieldError]:
    """``disallowed`` are URLs that are issuers already: that of service account tokens."""
    if not issuer.url:
        yield field_required(f"{path}.url")
    else:
        if issuer.url in disallowed:
            detail = f"URL must not overlap with disallowed issuers: [{' '.join(sorted(disallowed))}]"
            yield field_invalid(f"{path}.url", issuer.url, detail)
        yield from _url_errors(issuer.url, f"{path}.url")
    if issuer.discovery_url:
        yield from _discovery_errors(issuer, f"{path}.discoveryURL")
    yield from _audience_errors(issuer, path)
    if issuer.certificate_authority:
        yield from _authority_errors(issuer.certificate_authority, f"{path}.certificateAuthority")
    if issuer.egress_selector_type:
        detail = "egress selection is not supported: this server has no egress selector"
        yield field_invalid(f"{path}.egressSelectorType", issuer.egress_selector_type, detail)


def _discovery_errors(issuer: Issuer, path: str) -> Iterator[FieldError]:
    if issuer.url and issuer.url.rstrip("/") == issuer.discovery_url.rstrip("/"):
        yield field_invalid(path, issuer.discovery_url, "discoveryURL must be different from URL")
    yield from _url_errors(issuer.discovery_url, path)


def _url_errors(text: str, path: str) -> Iterator[FieldError]:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        yield field_invalid(path, text, str(error))
        return
    wrong = {
        "URL scheme must be https": url.scheme != "https",
        "URL must have a host": url.scheme == "https" and not url.hostname,
        "URL must not contain a username or password": "@" in url.netloc,
        "URL must not contain a query": bool(url.query),
        "URL must not contain a fragment": bool(url.fragment),
    }
    yield from (field_invalid(path, text, detail) for detail, is_so in wrong.items() if is_so)


def _audience_errors(issuer: Issuer, path: str) -> Iterator[FieldError]:
    audiences, policy = issuer.audiences, issuer.audience_match_policy
    listed = f"{path}.audiences"
    if not audiences:
        yield field_required(listed, f"at least one {listed} is required")
        return
    for at, audience in enumerate(audiences):
        if not audience:
            yield field_required(f"{listed}[{at}]")
        if audience in audiences[:at]:
            yield field_duplicate(f"{listed}[{at}]", audience)
    if len(audiences) > 1 and policy != _MATCH_ANY:
        detail = "audienceMatchPolicy must be MatchAny for multiple audiences"
        yield field_invalid(f"{path}.audienceMatchPolicy", policy, detail)
    elif policy not in ("", _MATCH_ANY):
        detail = "audienceMatchPolicy must be empty or MatchAny for single audience"
        yield field_invalid(f"{path}.audienceMatchPolicy", policy, detail)


def _authority_errors(pem: str, path: str) -> Iterator[FieldError]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        yield field_invalid(path, "<omitted>", "data does not contain any valid RSA or ECDSA certificates")
