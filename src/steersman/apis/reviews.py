"""Kinds that are answered, not stored: access reviews ask the authorizer, token reviews the authenticator, self
reviews tell who asks.

authentication.k8s.io and authorization.k8s.io (KEP-3325 for SelfSubjectReview).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from steersman.apimachinery.errors import ApiError, FieldError, bad_request, field_invalid, invalid
from steersman.apimachinery.group_version import GroupKind
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Decision, Verdict
from steersman.apiserver.http.message import Connection, Request
from steersman.apiserver.registry.resource import CreateCall, Object
from steersman.apiserver.request_info import RequestInfo

Answer = Callable[[CreateCall], Awaitable[Object]]


def review_answers(authorizer: Authorizer, authenticator: Authenticator) -> Mapping[GroupKind, Answer]:
    """What answers each kind of review; its types have been checked."""

    async def access(call: CreateCall) -> Object:
        spec = _spec(call.body)
        groups = spec.get("groups") or spec.get("group") or ()
        errors = _attribute_errors(spec)
        if not spec.get("user") and not groups:
            errors.append(field_invalid("spec.user", "", "at least one of user or group must be specified"))
        _refuse(call, errors)
        extra = {key: tuple(values or ()) for key, values in (spec.get("extra") or {}).items()}
        user = UserInfo(spec.get("user") or "", spec.get("uid") or "", tuple(groups), extra)
        return await _decide(authorizer, user, call, spec)

    async def local_access(call: CreateCall) -> Object:
        asked = (_spec(call.body).get("resourceAttributes") or {}).get("namespace") or ""
        if asked != call.namespace:
            detail = f"must match metadata.namespace: {call.namespace}"
            _refuse(call, [field_invalid("spec.resourceAttributes.namespace", asked, detail)])
        return await access(call)

    async def self_access(call: CreateCall) -> Object:
        spec = _spec(call.body)
        _refuse(call, _attribute_errors(spec))
        return await _decide(authorizer, call.user, call, spec)

    async def token(call: CreateCall) -> Object:
        sent = _spec(call.body).get("token") or ""
        if not sent:
            raise bad_request("token is required for TokenReview in authentication")
        return _answered(call, _token_status(authenticator, sent))

    return {
        GroupKind("authentication.k8s.io", "TokenReview"): token,
        GroupKind("authorization.k8s.io", "SubjectAccessReview"): access,
        GroupKind("authorization.k8s.io", "LocalSubjectAccessReview"): local_access,
        GroupKind("authorization.k8s.io", "SelfSubjectAccessReview"): self_access,
        GroupKind("authentication.k8s.io", "SelfSubjectReview"): _self,
    }


def _spec(body: Object) -> dict[str, Any]:
    return body.get("spec") or {}


def _answered(call: CreateCall, status: dict[str, Any]) -> Object:
    """The review with its answer, members in the order that people expect."""
    body = call.body
    head: dict[str, Any] = {key: body[key] for key in ("kind", "apiVersion", "metadata", "spec") if key in body}
    return {**head, "status": status}


def _refuse(call: CreateCall, errors: Sequence[FieldError]) -> None:
    if errors:
        group = call.body["apiVersion"].rpartition("/")[0]
        raise invalid(GroupKind(group, call.body["kind"]), call.body["metadata"].get("name") or "", errors)


def _attribute_errors(spec: dict[str, Any]) -> list[FieldError]:
    given = [spec.get(field) for field in ("nonResourceAttributes", "resourceAttributes")]
    if sum(one is not None for one in given) == 1:
        return []
    detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    if None in given:
        return [field_invalid("spec.resourceAttributes", None, detail)]
    return [field_invalid("spec.nonResourceAttributes", given[0], f"cannot be specified in combination: {detail}")]


def _token_status(authenticator: Authenticator, token: str) -> dict[str, Any]:
    """The token as a request would present it, on a connection of its own."""
    try:
        authorization = b"Bearer " + token.encode("latin-1")
    except UnicodeEncodeError:
        return {"user": {}, "error": "invalid bearer token"}
    request = Request("GET", "/", "", {b"authorization": authorization}, b"", Connection())
    try:
        user = authenticator.authenticate(request)
    except ApiError:
        return {"user": {}, "error": "invalid bearer token"}
    return {"user": {}} if user is None else {"authenticated": True, "user": _user_info(user)}


async def _decide(authorizer: Authorizer, user: UserInfo, call: CreateCall, spec: dict[str, Any]) -> Object:
    verdict = authorizer.authorize(user, _info(spec, call.namespace))
    if not isinstance(verdict, Verdict):
        verdict = await verdict
    status: dict[str, Any] = {"allowed": verdict.decision is Decision.ALLOW}
    if verdict.decision is Decision.DENY:
        status["denied"] = True
    if verdict.reason:
        status["reason"] = verdict.reason
    return _answered(call, status)


def _info(spec: dict[str, Any], namespace: str) -> RequestInfo:
    asked = spec.get("resourceAttributes")
    if isinstance(asked, dict):
        return RequestInfo(
            asked.get("verb") or "",
            "",
            True,
            asked.get("group") or "",
            asked.get("version") or "",
            asked.get("namespace") or namespace,
            asked.get("resource") or "",
            asked.get("subresource") or "",
            asked.get("name") or "",
        )
    path = spec["nonResourceAttributes"]
    return RequestInfo(path.get("verb") or "", path.get("path") or "")


async def _self(call: CreateCall) -> Object:
    return _answered(call, {"userInfo": _user_info(call.user)})


def _user_info(user: UserInfo) -> dict[str, Any]:
    info: dict[str, Any] = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return info
