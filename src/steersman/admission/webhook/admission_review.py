"""AdmissionReview: what a webhook is sent, and what of its answer counts.

Specified in admission.k8s.io/v1 and v1beta1, which differ in how closely the answer is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from steersman.admission.webhook.invocation import kind_of, shown
from steersman.apimachinery.errors import render_value
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.admission import CREATE, DELETE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Resource

GROUP, KIND = "admission.k8s.io", "AdmissionReview"
VERSIONS = ("v1", "v1beta1")
JSON_PATCH = "JSONPatch"

_OPTIONS: Mapping[str, str] = {CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions"}


class InvalidResponse(Exception):
    """An answer that is an AdmissionReview, and does not say what it has to."""


class UndecodableResponse(Exception):
    """An answer that is none."""


def review_version(accepted: tuple[str, ...]) -> str | None:
    """The first version that the webhook accepts and we know."""
    return next((version for version in accepted if version in VERSIONS), None)


def request(attributes: Attributes, resource: Resource) -> dict[str, Any]:
    """``request`` of the review without its uid, with the objects as ones of ``resource``; they are not copied."""
    mine, part = attributes.resource, attributes.subresource
    is_namespace = mine.plural == "namespaces" and not mine.group
    made: dict[str, Any] = {
        "kind": _kind(kind_of(resource, part)),
        "resource": _resource(resource),
        "requestKind": _kind(kind_of(mine, part)),
        "requestResource": _resource(mine),
        "operation": attributes.operation,
        "userInfo": _user(attributes),
        "object": shown(attributes.object, mine, resource, part),
        "oldObject": shown(attributes.old_object, mine, resource, part),
        "dryRun": attributes.dry_run,
        "options": _options(attributes),
    }
    if part:
        made["subResource"] = made["requestSubResource"] = part
    if attributes.name:
        made["name"] = attributes.name
    if namespace := attributes.name if is_namespace else attributes.namespace:
        made["namespace"] = namespace
    return made


def encode(version: str, uid: str, content: Mapping[str, Any]) -> bytes:
    """The review's bytes; members of ``content`` may be ``orjson.Fragment``."""
    return orjson.dumps({"kind": KIND, "apiVersion": f"{GROUP}/{version}", "request": {"uid": uid, **content}})


def _kind(kind: GroupVersionKind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _resource(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "resource": resource.plural}


def _user(attributes: Attributes) -> dict[str, Any]:
    user = attributes.user
    made: dict[str, Any] = {"username": user.name}
    if user.uid:
        made["uid"] = user.uid
    if user.groups:
        made["groups"] = list(user.groups)
    if user.extra:
        made["extra"] = {key: list(values) for key, values in user.extra.items()}
    return made


def _options(attributes: Attributes) -> dict[str, Any] | None:
    kind = _OPTIONS.get(attributes.operation)
    if kind is None:
        return attributes.options or None
    dry_run = {"dryRun": ["All"]} if attributes.dry_run else {}
    return {"kind": kind, "apiVersion": "meta.k8s.io/v1", **dry_run, **attributes.options}


class Status(msgspec.Struct, rename="camel"):
    """Why a webhook refuses."""

    code: int | None = None
    message: str | None = None
    reason: str | None = None
    details: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class _Response(msgspec.Struct, rename="camel"):
    uid: str | None = None
    allowed: bool | None = None
    status: Status | None = None
    patch: bytes | None = None
    patch_type: str | None = None
    audit_annotations: dict[str, str] | None = None
    warnings: list[str] | None = None


class _Review(msgspec.Struct, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    response: _Response | None = None
    status: Any = None
    message: Any = None


_decode = msgspec.json.Decoder(_Review).decode


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook says; ``patch`` is text, empty for none, and a JSON patch if ``patch_type`` says so."""

    allowed: bool
    patch: bytes = b""
    patch_type: str = JSON_PATCH
    status: Status | None = None
    warnings: list[str] = field(default_factory=list)
    audit_annotations: Mapping[str, str] = field(default_factory=dict)


def read_answer(body: bytes, version: str, uid: str, *, mutating: bool) -> Answer:
    """Raises UndecodableResponse and InvalidResponse."""
    if not body:
        raise UndecodableResponse("0-length response with status code: 200 and content type: ")
    try:
        review = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UndecodableResponse(f"the response is no AdmissionReview: {error}") from None
    if review.kind == "Status" and review.status == "Failure":
        raise UndecodableResponse(str(review.message or "unknown"))
    response = review.response
    if response is None:
        raise InvalidResponse("webhook response was absent")
    patch = response.patch or b""
    if version == VERSIONS[0]:
        _check(review, response, uid)
        _check_patch(patch, response.patch_type, mutating)
    return Answer(
        bool(response.allowed),
        patch if mutating else b"",
        response.patch_type or JSON_PATCH if version == VERSIONS[0] else JSON_PATCH,
        response.status,
        response.warnings or [],
        response.audit_annotations or {},
    )


def _check(review: _Review, response: _Response, uid: str) -> None:
    if response.uid != uid:
        raise InvalidResponse(f'expected response.uid="{uid}", got {render_value(response.uid or "")}')
    group, _, version = (review.api_version or "").rpartition("/")
    if (group, version, review.kind) != (GROUP, VERSIONS[0], KIND):
        raise InvalidResponse(
            f"expected webhook response of {GROUP}/{VERSIONS[0]}, Kind={KIND},"
            f" got {group}/{version}, Kind={review.kind or ''}"
        )


def _check_patch(patch: bytes, kind: str | None, mutating: bool) -> None:
    if not mutating:
        if patch:
            raise InvalidResponse("validating webhook may not return response.patch")
        if kind is not None:
            raise InvalidResponse("validating webhook may not return response.patchType")
        return
    if patch and kind is None:
        raise InvalidResponse("webhook returned response.patch but not response.patchType")
    if not patch and kind is not None:
        raise InvalidResponse("webhook returned response.patchType but not response.patch")
    if kind == "":
        raise InvalidResponse('webhook returned invalid response.patchType of ""')
