"""Kinds that are answered, not stored: access reviews ask the authorizer, token reviews the authenticator, self
reviews tell who asks.

authentication.k8s.io and authorization.k8s.io (KEP-3325 for SelfSubjectReview).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from steersman.apimachinery.errors import FieldError, bad_request, field_invalid, invalid
from steersman.apimachinery.group_version import GroupKind
from steersman.apis.review_attributes import asked, attribute_errors
from steersman.apiserver.authentication.token_review import Reviewed, TokenReviewer
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Decision, RuleResolver, Rules, Verdict
from steersman.apiserver.authorization.authorizer import aggregate
from steersman.apiserver.registry.resource import CreateCall, Object

AUDIENCES_MINOR = 13
"""The Kubernetes minor from which on reviews of tokens have audiences."""

Answer = Callable[[CreateCall], Awaitable[Object]]


class Authorization(Authorizer, RuleResolver, Protocol):
    """An authorizer that can list rules."""


def review_answers(authorizer: Authorization, reviewer: TokenReviewer, minor: int) -> Mapping[GroupKind, Answer]:
    """What answers each kind of review, in the shapes of a Kubernetes ``minor``; its types have been checked."""
    reviews = _Reviews(authorizer, reviewer, minor >= AUDIENCES_MINOR)
    return {
        GroupKind("authentication.k8s.io", "TokenReview"): reviews.token,
        GroupKind("authentication.k8s.io", "SelfSubjectReview"): reviews.self_subject,
        GroupKind("authorization.k8s.io", "SubjectAccessReview"): reviews.access,
        GroupKind("authorization.k8s.io", "LocalSubjectAccessReview"): reviews.local_access,
        GroupKind("authorization.k8s.io", "SelfSubjectAccessReview"): reviews.self_access,
        GroupKind("authorization.k8s.io", "SelfSubjectRulesReview"): reviews.self_rules,
    }


class _Reviews(Struct, frozen=True):
    authorizer: Authorization
    reviewer: TokenReviewer
    tells_audiences: bool

    async def access(self, call: CreateCall) -> Object:
        spec = _spec(call.body)
        groups = spec.get("groups") or spec.get("group") or ()
        errors = attribute_errors(spec)
        if not spec.get("user") and not groups:
            errors.append(field_invalid("spec.user", "", "at least one of user or group must be specified"))
        _refuse(call, errors)
        extra = {key: tuple(values or ()) for key, values in (spec.get("extra") or {}).items()}
        user = UserInfo(spec.get("user") or "", spec.get("uid") or "", tuple(groups), extra)
        return await self._decide(user, call)

    async def local_access(self, call: CreateCall) -> Object:
        spec = _spec(call.body)
        errors = []
        if spec.get("nonResourceAttributes") is not None:
            detail = "disallowed on this kind of request"
            errors.append(field_invalid("spec.nonResourceAttributes", spec["nonResourceAttributes"], detail))
        namespace = (spec.get("resourceAttributes") or {}).get("namespace") or ""
        if namespace != call.namespace:
            detail = f"must match metadata.namespace: {call.namespace}"
            errors.append(field_invalid("spec.resourceAttributes.namespace", namespace, detail))
        _refuse(call, errors)
        return await self.access(call)

    async def self_access(self, call: CreateCall) -> Object:
        _refuse(call, attribute_errors(_spec(call.body)))
        return await self._decide(call.user, call)

    async def self_rules(self, call: CreateCall) -> Object:
        namespace = _spec(call.body).get("namespace") or ""
        if not namespace:
            raise bad_request("no namespace on request")
        return _answered(call, _rules_status(self.authorizer.rules_for(call.user, namespace)))

    async def self_subject(self, call: CreateCall) -> Object:
        return _answered(call, {"userInfo": _user_info(call.user)})

    async def token(self, call: CreateCall) -> Object:
        spec = _spec(call.body)
        sent = spec.get("token") or ""
        if not sent:
            raise bad_request("token is required for TokenReview in authentication")
        reviewed = await self.reviewer.review(sent, spec.get("audiences") or ())
        return _answered(call, _token_status(reviewed, reviewed.audiences if self.tells_audiences else ()))

    async def _decide(self, user: UserInfo, call: CreateCall) -> Object:
        verdict = self.authorizer.authorize(user, asked(_spec(call.body), call.namespace))
        if not isinstance(verdict, Verdict):
            verdict = await verdict
        status: dict[str, Any] = {"allowed": verdict.decision is Decision.ALLOW}
        if verdict.decision is Decision.DENY:
            status["denied"] = True
        if verdict.reason:
            status["reason"] = verdict.reason
        if verdict.error:
            status["evaluationError"] = verdict.error
        return _answered(call, status)


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


def _rules_status(rules: Rules) -> dict[str, Any]:
    """Rules of resources and of paths apart; a rule of a role may be of both."""
    resource_rules, path_rules = [], []
    for rule in rules.rules:
        if rule.resources:
            resource_rules.append(rule._replace(non_resource_urls=()).to_object())
        if rule.non_resource_urls:
            path_rules.append({"verbs": list(rule.verbs), "nonResourceURLs": list(rule.non_resource_urls)})
    status: dict[str, Any] = {"resourceRules": resource_rules, "nonResourceRules": path_rules}
    status["incomplete"] = rules.incomplete
    if rules.errors:
        status["evaluationError"] = aggregate(rules.errors)
    return status


def _token_status(reviewed: Reviewed, audiences: Sequence[str]) -> dict[str, Any]:
    if reviewed.user is None:
        return {"user": {}, "error": reviewed.error}
    status: dict[str, Any] = {"authenticated": True, "user": _user_info(reviewed.user)}
    if audiences:
        status["audiences"] = list(audiences)
    return status


def _user_info(user: UserInfo) -> dict[str, Any]:
    info: dict[str, Any] = {"username": user.name}
    if user.uid:
        info["uid"] = user.uid
    info["groups"] = list(user.groups)
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return info
