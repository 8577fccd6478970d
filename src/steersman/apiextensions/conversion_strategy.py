"""What a definition may say of conversion between its versions (API reference, CustomResourceConversion)."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from steersman.apimachinery.errors import (
    FieldError,
    field_forbidden,
    field_invalid,
    field_not_supported,
    field_required,
)
from steersman.apimachinery.names import check_dns1035_label, check_dns1123_subdomain

Object = dict[str, Any]

_REVIEW_VERSIONS = ("v1", "v1beta1")
_FORM = "; desired format: https://host[/path]"


def validate_conversion(spec: Object, *, known_review_version: bool, ca_bundle: bool) -> list[FieldError]:
    """What is wrong with ``spec.conversion`` of the v1beta1 form.

    ``known_review_version``: a ConversionReview version must be among them that a server understands; ``ca_bundle``:
    the CA certificates are checked.
    """
    conversion = spec.get("conversion")
    if conversion is None:
        return []
    errors: list[FieldError] = []
    path, strategy = "spec.conversion", conversion.get("strategy")
    if strategy != "None" and spec.get("preserveUnknownFields"):
        detail = "must be None if spec.preserveUnknownFields is true"
        errors.append(field_invalid(f"{path}.strategy", strategy or "", detail))
    if not strategy:
        errors.append(field_required(f"{path}.strategy"))
    elif strategy not in ("None", "Webhook"):
        errors.append(field_not_supported(f"{path}.strategy", strategy, ("None", "Webhook")))
    config, reviews = conversion.get("webhookClientConfig"), conversion.get("conversionReviewVersions") or []
    where = f"{path}.webhookClientConfig"
    if strategy == "Webhook":
        if config is None:
            errors.append(field_required(where, "required when strategy is set to Webhook"))
        else:
            errors += _validate_client_config(config, where, check_bundle=ca_bundle)
        return errors + _validate_review_versions(reviews, known_review_version, f"{path}.conversionReviewVersions")
    detail = "should not be set when strategy is not set to Webhook"
    if config is not None:
        errors.append(field_forbidden(where, detail))
    if reviews:
        errors.append(field_forbidden(f"{path}.conversionReviewVersions", detail))
    return errors


def _validate_review_versions(versions: list[str], known: bool, path: str) -> list[FieldError]:
    if not versions:
        return [field_required(path)]
    errors = []
    for index, version in enumerate(versions):
        problems = ["duplicate version"] if version in versions[:index] else check_dns1035_label(version)
        errors += [field_invalid(f"{path}[{index}]", version, problem) for problem in problems]
    if known and not knows_review_version(versions):
        errors.append(field_invalid(path, versions, f"must include at least one of {', '.join(_REVIEW_VERSIONS)}"))
    return errors


def knows_review_version(versions: Iterable[str]) -> bool:
    """Whether a ConversionReview version is among them that a server understands."""
    return any(version in _REVIEW_VERSIONS for version in versions)


def check_ca_bundle(bundle: str) -> str | None:
    """What is wrong with a base64 PEM bundle of CA certificates; None when it is good, or empty."""
    # Loaded when the first bundle comes: it would be a tenth of the server's start-up.
    from cryptography.x509 import load_pem_x509_certificates

    try:
        pem = base64.b64decode(bundle, validate=True)
        if pem:
            load_pem_x509_certificates(pem)
    except (ValueError, binascii.Error):
        return "unable to load root certificates: unable to parse bytes as PEM block"
    return None


def _validate_client_config(config: Object, path: str, *, check_bundle: bool) -> list[FieldError]:
    url, service, bundle = config.get("url"), config.get("service"), config.get("caBundle")
    if (url is None) == (service is None):
        errors = [field_required(path, "exactly one of url or service is required")]
    elif url is not None:
        errors = _validate_url(url, f"{path}.url")
    else:
        errors = _validate_service(service or {}, f"{path}.service")
    if bundle and check_bundle and (problem := check_ca_bundle(bundle)):
        errors.append(field_invalid(f"{path}.caBundle", bundle, problem))
    return errors


def _validate_url(url: str, path: str) -> list[FieldError]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return [field_required(path, f"url must be a valid URL: {error}{_FORM}")]
    user, at, _ = parts.netloc.rpartition("@")
    checks = (
        (parts.scheme != "https", parts.scheme, f"'https' is the only allowed URL scheme{_FORM}"),
        (not parts.netloc, parts.netloc, f"host must be specified{_FORM}"),
        (bool(at), user, "user information is not permitted in the URL"),
        (bool(parts.fragment), parts.fragment, "fragments are not permitted in the URL"),
        (bool(parts.query), parts.query, "query parameters are not permitted in the URL"),
    )
    return [field_invalid(path, value, detail) for wrong, value, detail in checks if wrong]


def _validate_service(service: Object, path: str) -> list[FieldError]:
    errors = [field_required(f"{path}.{field}") for field in ("name", "namespace") if not service.get(field)]
    port = service.get("port")
    if port is not None and not 1 <= port <= 65535:
        errors.append(field_invalid(f"{path}.port", port, "port is not valid: must be between 1 and 65535, inclusive"))
    url_path = service.get("path") or "/"
    if url_path == "/":
        return errors
    where = f"{path}.path"
    if url_path == "//":
        return [*errors, field_invalid(where, url_path, "segment[0] may not be empty")]
    if not url_path.startswith("/"):
        errors.append(field_invalid(where, url_path, "must start with a '/'"))
    for index, segment in enumerate(url_path[1:].removesuffix("/").split("/")):
        failures = check_dns1123_subdomain(segment) if segment else []
        if not segment:
            errors.append(field_invalid(where, url_path, f"segment[{index}] may not be empty"))
        errors += [field_invalid(where, url_path, f"segment[{index}]: {failure}") for failure in failures]
    return errors
