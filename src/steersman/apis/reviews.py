"""Kinds that are answered, not stored: access reviews ask the authorizer, self reviews tell who asks.

authentication.k8s.io and authorization.k8s.io (KEP-3325 for SelfSubjectReview).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.group_version import GroupKind
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Decision, Verdict
from steersman.apiserver.registry.resource import CreateCall, Object
from steersman.apiserver.request_info import RequestInfo

Answer = Callable[[CreateCall], Awaitable[Object]]


def review_answers(authorizer: Authorizer) -> Mapping[GroupKind, Answer]:
    """What answers each kind of review."""

    async def access(call: CreateCall) -> Object:
        spec = _spec(call.body)
        user = UserInfo(
            spec.get("user") or "", spec.get("uid") or "", tuple(spec.get("groups") or spec.get("group") or ())
        )
        return await _decide(authorizer, user, call, spec)

    async def self_access(call: CreateCall) -> Object:
        return await _decide(authorizer, call.user, call, _spec(call.body))

    return {
        GroupKind("authorization.k8s.io", "SubjectAccessReview"): access,
        GroupKind("authorization.k8s.io", "LocalSubjectAccessReview"): access,
        GroupKind("authorization.k8s.io", "SelfSubjectAccessReview"): self_access,
        GroupKind("authentication.k8s.io", "SelfSubjectReview"): _self,
    }


def _spec(body: Object) -> dict[str, Any]:
    spec = body.get("spec")
    if not isinstance(spec, dict):
        raise bad_request("spec: Required value: a review needs a spec")
    return spec


async def _decide(authorizer: Authorizer, user: UserInfo, call: CreateCall, spec: dict[str, Any]) -> Object:
    verdict = authorizer.authorize(user, _info(spec, call.namespace))
    if not isinstance(verdict, Verdict):
        verdict = await verdict
    status: dict[str, Any] = {"allowed": verdict.decision is Decision.ALLOW}
    if verdict.decision is Decision.DENY:
        status["denied"] = True
    if verdict.reason:
        status["reason"] = verdict.reason
    return {**call.body, "status": status}


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
    path = spec.get("nonResourceAttributes")
    if not isinstance(path, dict):
        raise bad_request("spec: Required value: exactly one of nonResourceAttributes or resourceAttributes")
    return RequestInfo(path.get("verb") or "", path.get("path") or "")


async def _self(call: CreateCall) -> Object:
    user: UserInfo = call.user
    info: dict[str, Any] = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return {**call.body, "status": {"userInfo": info}}
