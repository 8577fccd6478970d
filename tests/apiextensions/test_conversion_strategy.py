"""``spec.conversion`` and the webhook it names."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from steersman.apiextensions.conversion_strategy import check_ca_bundle, validate_conversion

FORM = "; desired format: https://host[/path]"
CONFIG = "spec.conversion.webhookClientConfig"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def problems(
    conversion: dict[str, Any], *, known: bool = True, bundle: bool = True, preserve: bool = False
) -> list[str]:
    spec = {"conversion": conversion, "preserveUnknownFields": preserve}
    return [str(error) for error in validate_conversion(spec, known_review_version=known, ca_bundle=bundle)]


def webhook(reviews: list[str] | None = None, **config: Any) -> dict[str, Any]:
    return {
        "strategy": "Webhook",
        "webhookClientConfig": config,
        "conversionReviewVersions": ["v1"] if reviews is None else reviews,
    }


def certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


@pytest.mark.parametrize(
    "conversion",
    [
        {"strategy": "None"},
        webhook(url="https://example.com/convert"),
        webhook(["v2", "v1beta1"], service={"namespace": "a", "name": "b", "port": 443, "path": "/convert/x"}),
        webhook(url="https://example.com", caBundle=certificate()),
    ],
)
def test_valid(conversion: dict[str, Any]) -> None:
    assert problems(conversion) == []


@pytest.mark.parametrize(
    ("conversion", "expected"),
    [
        ({}, ["spec.conversion.strategy: Required value"]),
        (
            {"strategy": "Magic"},
            ['spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"'],
        ),
        (
            {"strategy": "None", "webhookClientConfig": {}, "conversionReviewVersions": ["v1"]},
            [
                f"{CONFIG}: Forbidden: should not be set when strategy is not set to Webhook",
                "spec.conversion.conversionReviewVersions: "
                "Forbidden: should not be set when strategy is not set to Webhook",
            ],
        ),
        (
            {"strategy": "Webhook"},
            [
                f"{CONFIG}: Required value: required when strategy is set to Webhook",
                "spec.conversion.conversionReviewVersions: Required value",
            ],
        ),
        (webhook(), [f"{CONFIG}: Required value: exactly one of url or service is required"]),
        (
            webhook(["v1", "v1", "V_1"], url="https://a"),
            [
                'spec.conversion.conversionReviewVersions[1]: Invalid value: "v1": duplicate version',
                'spec.conversion.conversionReviewVersions[2]: Invalid value: "V_1": a DNS-1035 label must consist of '
                "lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
                "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
                "'[a-z]([-a-z0-9]*[a-z0-9])?')",
            ],
        ),
        (
            webhook(["v9"], url="https://a"),
            [
                'spec.conversion.conversionReviewVersions: Invalid value: ["v9"]: '
                "must include at least one of v1, v1beta1"
            ],
        ),
        (
            webhook(url="http://u:p@/x?q=1#f"),
            [
                f"{CONFIG}.url: Invalid value: \"http\": 'https' is the only allowed URL scheme{FORM}",
                f'{CONFIG}.url: Invalid value: "u:p": user information is not permitted in the URL',
                f'{CONFIG}.url: Invalid value: "f": fragments are not permitted in the URL',
                f'{CONFIG}.url: Invalid value: "q=1": query parameters are not permitted in the URL',
            ],
        ),
        (webhook(url="https:///x"), [f'{CONFIG}.url: Invalid value: "": host must be specified{FORM}']),
        (
            webhook(service={"port": 0, "path": "a//B/"}),
            [
                f"{CONFIG}.service.name: Required value",
                f"{CONFIG}.service.namespace: Required value",
                f"{CONFIG}.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
                f"{CONFIG}.service.path: Invalid value: \"a//B/\": must start with a '/'",
                f'{CONFIG}.service.path: Invalid value: "a//B/": segment[0] may not be empty',
                f'{CONFIG}.service.path: Invalid value: "a//B/": segment[1] may not be empty',
                f'{CONFIG}.service.path: Invalid value: "a//B/": segment[2]: {SUBDOMAIN}',
            ],
        ),
        (
            webhook(service={"name": "a", "namespace": "b", "path": "//"}),
            [f'{CONFIG}.service.path: Invalid value: "//": segment[0] may not be empty'],
        ),
        (
            webhook(url="https://a", caBundle="bm8="),
            [
                f'{CONFIG}.caBundle: Invalid value: "bm8=": '
                "unable to load root certificates: unable to parse bytes as PEM block"
            ],
        ),
    ],
)
def test_invalid(conversion: dict[str, Any], expected: list[str]) -> None:
    assert problems(conversion) == expected


def test_rules_that_may_be_off() -> None:
    assert problems(webhook(["v9"], url="https://a"), known=False) == []
    assert problems(webhook(url="https://a", caBundle="bm8="), bundle=False) == []


def test_no_webhook_where_unknown_fields_are_preserved() -> None:
    assert problems(webhook(url="https://a"), preserve=True) == [
        'spec.conversion.strategy: Invalid value: "Webhook": must be None if spec.preserveUnknownFields is true'
    ]


def test_an_empty_bundle_is_good_and_no_base64_is_not() -> None:
    assert check_ca_bundle("") is None
    assert check_ca_bundle("!") is not None
