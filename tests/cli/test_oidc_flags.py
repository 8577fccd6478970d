"""Flags of ``serve`` about identity providers: what they come to, and what is said of those that cannot be."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.apiserver.authentication.oidc.issuers import document, jwt

from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.oidc.validation import compile_configuration
from steersman.cli.oidc_flags import OidcFlags
from steersman.controlplane.oidc import single_issuer

URL = "https://issuer.example.com"


def user_name(claims: dict[str, Any], **flags: Any) -> str:
    """Of a token with these claims; empty if it is refused."""
    options = OidcFlags(oidc_issuer_url=URL, oidc_client_id="us", **flags).options()
    assert options is not None
    try:
        return compile_configuration(single_issuer(options))[0].mapping.user(claims).name
    except Refused:
        return ""


PREFIXES: list[tuple[dict[str, str], dict[str, Any], str]] = [
    ({}, {"sub": "jane"}, f"{URL}#jane"),
    ({"oidc_username_prefix": "-"}, {"sub": "jane"}, "jane"),
    ({"oidc_username_prefix": "oidc:"}, {"sub": "jane"}, "oidc:jane"),
    ({"oidc_username_claim": "name"}, {"name": "jane"}, f"{URL}#jane"),
    ({"oidc_username_claim": "email"}, {"email": "j@x.org"}, "j@x.org"),
    ({"oidc_username_claim": "email"}, {"email": "j@x.org", "email_verified": True}, "j@x.org"),
    ({"oidc_username_claim": "email", "oidc_username_prefix": "-"}, {"email": "j@x.org"}, "j@x.org"),
    ({"oidc_username_claim": "email", "oidc_username_prefix": "e:"}, {"email": "j@x.org"}, "e:j@x.org"),
    ({"oidc_username_claim": "email"}, {"email": "j@x.org", "email_verified": False}, ""),
    ({"oidc_username_claim": "email"}, {"email": "j@x.org", "email_verified": "true"}, ""),
    ({"oidc_username_claim": "email"}, {}, ""),
]


@pytest.mark.parametrize(("flags", "claims", "name"), PREFIXES)
def test_user_names(flags: dict[str, str], claims: dict[str, Any], name: str) -> None:
    assert user_name(claims, **flags) == name


def test_all_flags(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("pem")
    options = OidcFlags(
        oidc_issuer_url=URL,
        oidc_client_id="us",
        oidc_groups_claim="groups",
        oidc_groups_prefix="g:",
        oidc_required_claim=["hd=example.com", "a = b=c", "hd=example.org"],
        oidc_signing_algs="ES256, PS512",
        oidc_ca_file=authority,
    ).options()

    assert options is not None
    assert options.signing_algorithms == ("ES256", "PS512")
    issuer = single_issuer(options).jwt[0]
    assert issuer.issuer.certificate_authority == "pem"
    assert issuer.issuer.audiences == ("us",)
    assert (issuer.claim_mappings.groups.claim, issuer.claim_mappings.groups.prefix) == ("groups", "g:")
    required = [(rule.claim, rule.required_value) for rule in issuer.claim_validation_rules]
    assert required == [("hd", "example.org"), ("a", "b=c")]


def test_no_flags() -> None:
    assert OidcFlags().options() is None


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"oidc_issuer_url": URL},
        "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
    ),
    (
        {"oidc_username_claim": "sub"},
        "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
    ),
    (
        {"authentication_config": Path("a"), "oidc_issuer_url": URL},
        "authentication-config file and oidc-* flags are mutually exclusive",
    ),
    (
        {"oidc_issuer_url": URL, "oidc_client_id": "us", "oidc_required_claim": ["a"]},
        "oidc-required-claim: malformed pair 'a', expect CLAIM=VALUE",
    ),
]


@pytest.mark.parametrize(("flags", "problem"), WRONG)
def test_flags_that_cannot_be(flags: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        OidcFlags(**flags).options()
    assert str(refused.value) == problem


def refusal(directory: Path, *flags: str) -> str:
    """What ``serve`` says when it cannot: one line, exit code 2."""
    command = [sys.executable, "-m", "steersman", "serve", "--listen", "127.0.0.1:0", "--data-dir", str(directory)]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


ISSUER = ("--oidc-issuer-url", URL, "--oidc-client-id", "us")
REFUSED: list[tuple[tuple[str, ...], str]] = [
    (("--oidc-client-id", "us"), "oidc-issuer-url and oidc-client-id must be specified together when any"),
    (("--authentication-config", "{none}"), "{none}: No such file or directory"),
    (("--authentication-config", "{bad}"), "{bad}: jwt[0].issuer.url: Required value"),
    (("--authentication-config", "{bad}", *ISSUER), "authentication-config file and oidc-* flags are mutually exclu"),
    ((*ISSUER, "--oidc-ca-file", "{none}"), "{none}: No such file or directory"),
    ((*ISSUER, "--oidc-signing-algs", "RS256,none"), 'oidc: unsupported signing alg: "none"'),
    (("--oidc-issuer-url", "http://a", "--oidc-client-id", "us"), 'jwt[0].issuer.url: Invalid value: "http://a": URL'),
]


@pytest.mark.parametrize(("flags", "problem"), REFUSED)
def test_serve_refuses(tmp_path: Path, flags: tuple[str, ...], problem: str) -> None:
    files = {"none": str(tmp_path / "none"), "bad": str(tmp_path / "bad.yaml")}
    (tmp_path / "bad.yaml").write_bytes(document(jwt({"url": ""})))
    told = refusal(tmp_path, *(flag.format_map(files) for flag in flags))
    assert told.startswith(f"steersman: {problem.format_map(files)}")
