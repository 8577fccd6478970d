"""Defaults of a CustomResourceDefinition, set in place (Kubernetes API reference, CustomResourceDefinitionSpec)."""

from typing import Any

Object = dict[str, Any]

WEBHOOK_PORT = 443


def default_v1(crd: Object) -> None:
    """Fill in singular, listKind, the conversion's strategy and the webhook's port of a definition in v1."""
    spec = crd.get("spec")
    if not isinstance(spec, dict):
        return
    _default_names(spec)
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
    elif isinstance(webhook := spec["conversion"].get("webhook"), dict):
        _default_port(webhook.get("clientConfig"))


def default_v1beta1(crd: Object) -> None:
    """As :func:`default_v1`, and scope, versions from version, version from versions, preserveUnknownFields."""
    spec = crd.get("spec")
    if not isinstance(spec, dict):
        return
    _default_names(spec)
    if not spec.get("scope"):
        spec["scope"] = "Namespaced"
    if not spec.get("versions") and spec.get("version"):
        spec["versions"] = [{"name": spec["version"], "served": True, "storage": True}]
    elif not spec.get("version") and spec.get("versions"):
        spec["version"] = spec["versions"][0].get("name", "")
    if spec.get("preserveUnknownFields") is None:
        spec["preserveUnknownFields"] = True
    if spec.get("conversion") is None:
        spec["conversion"] = {"strategy": "None"}
        return
    conversion = spec["conversion"]
    _default_port(conversion.get("webhookClientConfig"))
    if conversion.get("strategy") == "Webhook" and not conversion.get("conversionReviewVersions"):
        conversion["conversionReviewVersions"] = ["v1beta1"]


def _default_names(spec: Object) -> None:
    names = spec.get("names")
    if not isinstance(names, dict):
        return
    kind = names.get("kind")
    if not kind:
        return
    if not names.get("singular"):
        names["singular"] = kind.lower()
    if not names.get("listKind"):
        names["listKind"] = f"{kind}List"


def _default_port(client_config: Any) -> None:
    service = client_config.get("service") if isinstance(client_config, dict) else None
    if isinstance(service, dict) and service.get("port") is None:
        service["port"] = WEBHOOK_PORT
