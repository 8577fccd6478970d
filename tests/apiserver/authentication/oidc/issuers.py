"""Configurations of issuers, as YAML has them."""

from typing import Any

import orjson

from steersman.apiserver.authentication.oidc.configuration import AuthenticationConfiguration, decode_configuration
from steersman.apiserver.authentication.oidc.validation import TrustedIssuer, compile_configuration

ISSUER = {"url": "https://issuer.example.com", "audiences": ["us"]}
SUB = {"claim": "sub", "prefix": ""}


def jwt(issuer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """One issuer: ``username`` and the like are its claim mappings, the rest stands beside them."""
    names = ("username", "groups", "uid", "extra")
    mappings = {"username": SUB, **{name: more.pop(name) for name in names if name in more}}
    return {"issuer": ISSUER | (issuer or {}), "claimMappings": mappings, **more}


def document(*issuers: dict[str, Any], version: str = "v1", **more: Any) -> bytes:
    head = {"apiVersion": f"apiserver.config.k8s.io/{version}", "kind": "AuthenticationConfiguration"}
    return orjson.dumps({**head, "jwt": list(issuers), **more})


def configuration(*issuers: dict[str, Any], **more: Any) -> AuthenticationConfiguration:
    return decode_configuration(document(*issuers, **more))


def trusted(**more: Any) -> TrustedIssuer:
    return compile_configuration(configuration(jwt(**more)))[0]


def refusal(*issuers: dict[str, Any], **more: Any) -> str:
    """What is said of a configuration that cannot be."""
    try:
        compile_configuration(configuration(*issuers, **more), {"https://kubernetes.default.svc"})
    except ValueError as error:
        return str(error)
    raise AssertionError("it can be")
