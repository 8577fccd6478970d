"""A webhook as its configuration has it, compiled: what to match, whom to call, and what to make of failures.

Specified in admissionregistration.k8s.io/v1, MutatingWebhook and ValidatingWebhook. A field that is missing is one that
v1beta1 did not have yet, or did not demand; it means what the defaults of v1beta1 say.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from steersman.admission.webhook.match_conditions import MatchConditions
from steersman.admission.webhook.rules import Rule
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.label_selector import EVERYTHING, Selector, from_label_selector

IGNORE = "Ignore"
EQUIVALENT = "Equivalent"
IF_NEEDED = "IfNeeded"
WITHOUT_SIDE_EFFECTS = frozenset(("None", "NoneOnDryRun"))

_PORT = 443
_SAFE = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Service:
    namespace: str
    name: str
    port: int

    @property
    def host(self) -> str:
        """The name that its certificate is for."""
        return f"{self.name}.{self.namespace}.svc"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to call: ``host`` and ``port`` are those of the URL; a ``service`` has to be resolved to an address first.

    ``path`` is percent-encoded and starts with a slash. ``ca_bundle`` is PEM, empty for the system's authorities.
    """

    host: str
    port: int
    path: str
    ca_bundle: bytes = b""
    service: Service | None = None

    @property
    def authority(self) -> str:
        """Host and port as a URL has them, the port of HTTPS left out unless it is a service's."""
        return self.host_port if self.service or self.port != _PORT else self.host_port.removesuffix(f":{_PORT}")

    @property
    def host_port(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """``uid`` tells it from all others; ``timeout`` is in seconds.

    ``problem`` says why it cannot be matched with anything, empty where it can.
    """

    uid: str
    configuration: str
    name: str
    rules: tuple[Rule, ...]
    equivalent: bool
    namespace_selector: Selector
    object_selector: Selector
    conditions: MatchConditions | None
    fails_open: bool
    has_side_effects: bool
    reinvocable: bool
    timeout: float
    review_versions: tuple[str, ...]
    target: Target
    problem: str = ""

    @classmethod
    def read(cls, configuration: str, index: int, webhook: Mapping[str, Any]) -> "Webhook":
        """From the entry of ``webhooks`` at ``index``, as it is stored."""
        name = webhook.get("name") or ""
        conditions = webhook.get("matchConditions")
        fails_open = (webhook.get("failurePolicy") or IGNORE) == IGNORE
        namespaces, namespaces_problem = _selector(webhook.get("namespaceSelector") or {})
        objects, objects_problem = _selector(webhook.get("objectSelector") or {})
        return cls(
            uid=f"{configuration}/{name}/{index}",
            configuration=configuration,
            name=name,
            rules=tuple(Rule.read(rule) for rule in webhook.get("rules") or ()),
            equivalent=webhook.get("matchPolicy") == EQUIVALENT,
            namespace_selector=namespaces,
            object_selector=objects,
            conditions=MatchConditions(conditions) if conditions else None,
            fails_open=fails_open,
            has_side_effects=webhook.get("sideEffects") not in WITHOUT_SIDE_EFFECTS,
            reinvocable=webhook.get("reinvocationPolicy") == IF_NEEDED,
            timeout=float(webhook.get("timeoutSeconds") or 30),
            review_versions=tuple(webhook.get("admissionReviewVersions") or ("v1beta1",)),
            target=read_target(webhook.get("clientConfig") or {}),
            problem=namespaces_problem or objects_problem,
        )


def read_target(config: Mapping[str, Any]) -> Target:
    """From a ``clientConfig`` that was validated."""
    bundle = _bundle(config.get("caBundle") or "")
    service = config.get("service")
    if service:
        found = Service(service.get("namespace") or "", service.get("name") or "", service.get("port") or _PORT)
        return Target(found.host, found.port, _path(service.get("path") or ""), bundle, found)
    url = urlsplit(config.get("url") or "")
    return Target(url.hostname or "", url.port or _PORT, _path(url.path), bundle)


def _selector(selector: Mapping[str, Any]) -> tuple[Selector, str]:
    """The selector, and what is wrong with it: one that another server has stored may be."""
    try:
        return from_label_selector(selector), ""
    except ApiError as error:
        return EVERYTHING, error.message


def _path(path: str) -> str:
    return "/" + quote(path.removeprefix("/"), safe=_SAFE)


def _bundle(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
