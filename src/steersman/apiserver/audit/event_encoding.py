"""Audit events as they are written and sent: JSON of audit.k8s.io/v1, or kube-apiserver's legacy lines.

This is work for where it keeps no request waiting, but one thread at a time: an encoder remembers the last second.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from msgspec import Struct

from steersman.apimachinery.encoding import json
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission.observed import SentReference
from steersman.apiserver.audit.event import AuditedRequest, Body, Event
from steersman.apiserver.audit.policy import LEVEL_NAMES, RECEIVED
from steersman.apiserver.audit.source_addresses import source_addresses
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.handlers.negotiation import Decoders, media_type
from steersman.apiserver.request_info import RequestInfo

API_VERSION = "audit.k8s.io/v1"
TRUNCATED = "audit.k8s.io/truncated"
MAX_USER_AGENT = 1024

_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]*")
_SAFE = "/!$&'()*+,;=:@~"
_STATUS_FIELDS = ("metadata", "status", "message", "reason", "details", "code")


class Truncation(Struct, frozen=True):
    """Sizes in bytes. An event that is larger loses its objects; one that still is too large is lost itself."""

    enabled: bool = False
    max_event_size: int = 100 << 10
    max_batch_size: int = 10 << 20


class EventTooLarge(Exception):
    """There is more to an event than may be, even without its objects."""


class EventEncoder:
    """``decoders`` read the bodies that clients send."""

    def __init__(self, decoders: Decoders, truncation: Truncation | None = None) -> None:
        self._decoders = decoders
        self._limit = truncation.max_event_size if truncation is not None and truncation.enabled else 0
        self._second, self._prefix = -1, ""

    def encode(self, event: Event) -> bytes:
        """One line of JSON. Raises EventTooLarge."""
        value = self.as_object(event)
        encoded = orjson.dumps(value)
        if not self._limit or len(encoded) <= self._limit:
            return encoded
        if event.request_object is not None or event.response_object is not None:
            value.pop("requestObject", None)
            value.pop("responseObject", None)
            value["annotations"] = {**value.get("annotations", {}), TRUNCATED: "true"}
            encoded = orjson.dumps(value)
        if len(encoded) > self._limit:
            raise EventTooLarge(f"event is too large even after truncating: {len(encoded)} bytes")
        return encoded

    def as_object(self, event: Event) -> dict[str, Any]:
        """The event; its answer may be a fragment of JSON, for :func:`orjson.dumps` only."""
        audited = event.audited
        info, config, sender = audited.info, audited.config, audited.sender
        if info is None or config is None or sender is None:
            raise ValueError("the audit policy has not been asked about this request")
        value: dict[str, Any] = {
            "kind": "Event",
            "apiVersion": API_VERSION,
            "level": LEVEL_NAMES[config.level],
            "auditID": audited.id.decode("utf-8", "replace"),
            "stage": event.stage,
            "requestURI": _request_uri(audited),
            "verb": info.verb,
            "user": _user(audited.user) if audited.user is not None else {},
        }
        under_way = event.stage != RECEIVED
        if under_way and audited.impersonated is not None:
            value["impersonatedUser"] = _user(audited.impersonated)
        if addresses := source_addresses(sender):
            value["sourceIPs"] = addresses
        if sender.user_agent:
            value["userAgent"] = _user_agent(sender.user_agent)
        if info.is_resource:
            value["objectRef"] = _object_reference(info, audited.sent if under_way else None)
        if event.code:
            value["responseStatus"] = self._status(event)
        if event.request_object is not None:
            self._put(value, "requestObject", event.request_object, omit=config.omit_managed_fields)
        if event.response_object is not None:
            self._put(value, "responseObject", event.response_object, omit=config.omit_managed_fields)
        value["requestReceivedTimestamp"] = self._micro_time(audited.received)
        value["stageTimestamp"] = self._micro_time(event.at)
        if under_way and audited.annotations:
            value["annotations"] = audited.annotations
        return value

    def _put(self, value: dict[str, Any], field: str, body: Body, *, omit: bool) -> None:
        """What cannot be read as an object is left out."""
        data = body.data if isinstance(body.data, bytes) else b"".join(body.data)
        found: Any
        if field == "responseObject" and not omit and body.content_type == b"application/json":
            # It was made here, so it need not be read. Line breaks are where it was made to be looked at only.
            found = orjson.Fragment(data.translate(None, b"\n") if b"\n" in data else data)
        else:
            found = self._decoded(data, body.content_type)
            if found is None:
                return
            if omit and not body.plain:
                _drop_managed_fields(found)
        value[field] = found

    def _decoded(self, data: bytes, content_type: bytes) -> Any:
        media = media_type(content_type)
        decoder = self._decoders.get(media)
        try:
            if decoder is not None:
                return decoder(data, False)[0]
            # Patches: JSON, or YAML for apply.
            return self._decoders["application/yaml"](data, False)[0] if media.endswith("+yaml") else json.decode(data)
        except ApiError:
            return None

    def _status(self, event: Event) -> dict[str, Any]:
        said = event.status
        if said is None:
            return {"metadata": {}, "code": event.code}
        if isinstance(said, Body):
            data = said.data if isinstance(said.data, bytes) else b"".join(said.data)
            said = self._decoded(data, said.content_type)
        status = said if isinstance(said, dict) else {}
        return (
            {"metadata": {}} | {name: status[name] for name in _STATUS_FIELDS if name in status} | {"code": event.code}
        )

    def _micro_time(self, seconds: float) -> str:
        whole = int(seconds)
        if whole != self._second:
            self._second, self._prefix = whole, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        return f"{self._prefix}.{int((seconds - whole) * 1_000_000):06d}Z"

    def encode_legacy(self, event: Event) -> bytes:
        """One line of text, with the most of it; the objects are not in it."""
        value = self.as_object(event)
        user, other = value["user"], value.get("impersonatedUser")
        groups = _quoted_list(user.get("groups", ())) if user.get("groups") else "<none>"
        fields: Mapping[str, str] = {
            "id": value["auditID"],
            "stage": event.stage,
            "ip": next(iter(value.get("sourceIPs", ())), "<unknown>"),
            "method": value["verb"],
            "user": user.get("username") or "<none>",
            "groups": groups,
            "as": other.get("username", "") if other else "<self>",
            "asgroups": _quoted_list(other["groups"]) if other and other.get("groups") else "<lookup>",
            "user-agent": value.get("userAgent", ""),
            "namespace": value.get("objectRef", {}).get("namespace") or "<none>",
            "uri": value["requestURI"],
            "response": str(event.code) if event.code else "<deferred>",
        }
        said = " ".join(f"{name}={_quoted(text)}" for name, text in fields.items())
        return f"{value['requestReceivedTimestamp']} AUDIT: {said}".encode()


def encode_fitting(encode: Callable[[Event], bytes], events: Sequence[Event]) -> list[bytes]:
    """The events, encoded one by one; those that are too large are left out."""
    encoded: list[bytes] = []
    for event in events:
        try:
            encoded.append(encode(event))
        except EventTooLarge:
            continue
    return encoded


def _request_uri(audited: AuditedRequest) -> str:
    path = audited.path if _PLAIN_PATH.fullmatch(audited.path) else quote(audited.path, safe=_SAFE)
    return f"{path}?{audited.query}" if audited.query else path


def _user(user: UserInfo) -> dict[str, Any]:
    value: dict[str, Any] = {"username": user.name}
    if user.uid:
        value["uid"] = user.uid
    if user.groups:
        value["groups"] = user.groups
    if user.extra:
        value["extra"] = user.extra
    return value


def _user_agent(sent: bytes) -> str:
    text = sent[:MAX_USER_AGENT].decode("utf-8", "replace")
    return text if len(sent) <= MAX_USER_AGENT else f"{text}...TRUNCATED"


def _object_reference(info: RequestInfo, sent: SentReference | None) -> dict[str, str]:
    """What the URL says; what it leaves open, as the object in the body says it."""
    _, _, _, group, version, namespace, resource, subresource, name, *_ = info
    uid = resource_version = ""
    if sent is not None:
        namespace, name, uid, resource_version = namespace or sent.namespace, name or sent.name, *sent[2:]
    reference = {"resource": resource}
    if namespace:
        reference["namespace"] = namespace
    if name:
        reference["name"] = name
    if uid:
        reference["uid"] = uid
    if group:
        reference["apiGroup"] = group
    reference["apiVersion"] = version
    if resource_version:
        reference["resourceVersion"] = resource_version
    if subresource:
        reference["subresource"] = subresource
    return reference


def _drop_managed_fields(value: Any) -> None:
    """From an object, from each of a list, and from the rows of a table."""
    if not isinstance(value, dict):
        return
    objects = [value, *_objects(value.get("items")), *(row.get("object") for row in _objects(value.get("rows")))]
    for one in _objects(objects):
        metadata = one.get("metadata")
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)


def _objects(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _quoted_list(texts: Any) -> str:
    return ",".join(_quoted(text) for text in texts)
