"""The webhook authorizer: another server decides, by SubjectAccessReviews ("Webhook Mode")."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from msgspec import Struct

from steersman.apimachinery import field_selector, label_selector
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import Decision, Rules, Verdict
from steersman.apiserver.request_info import RequestInfo
from steersman.apiserver.review_webhook import AnswerCache, Post, ReviewFailed, ask

MOST_CACHED_BYTES = 10_000
"""Of what a client can make as long as it likes: the answer to a longer question is not kept."""


class WebhookOptions(Struct, frozen=True):
    """``version`` is that of authorization.k8s.io: v1 or v1beta1. Where there is no answer, the webhook denies, or else
    has no opinion."""

    version: str = "v1beta1"
    authorized_seconds: float = 300.0
    unauthorized_seconds: float = 30.0
    denies_on_failure: bool = False


class WebhookAuthorizer:
    def __init__(self, post: Post, options: WebhookOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._post, self._options = post, options
        self._cache: AnswerCache[Verdict] = AnswerCache(clock)

    def authorize(self, user: UserInfo, info: RequestInfo) -> Verdict | Awaitable[Verdict]:
        spec = _spec(user, info, self._options.version)
        key = orjson.dumps(spec)
        return self._cache.get(key) or self._ask(spec, key)

    def rules_for(self, user: UserInfo, namespace: str) -> Rules:
        return Rules((), True, ("webhook authorizer does not support user rule resolution",))

    async def _ask(self, spec: dict[str, Any], key: bytes) -> Verdict:
        options = self._options
        api_version = f"authorization.k8s.io/{options.version}"
        review = {"kind": "SubjectAccessReview", "apiVersion": api_version, "metadata": {}, "spec": spec}
        try:
            answered = await ask(self._post, {**review, "status": {"allowed": False}})
        except ReviewFailed as failure:
            decision = Decision.DENY if options.denies_on_failure else Decision.NO_OPINION
            return Verdict(decision, error=str(failure))
        verdict = _verdict(answered.get("status"))
        if len(key) <= MOST_CACHED_BYTES and not verdict.error:
            allowed = verdict.decision is Decision.ALLOW
            self._cache.put(key, verdict, options.authorized_seconds if allowed else options.unauthorized_seconds)
        return verdict


def _verdict(status: Any) -> Verdict:
    if not isinstance(status, dict):
        return Verdict(Decision.NO_OPINION)
    allowed, denied = status.get("allowed") is True, status.get("denied") is True
    said = status.get("reason")
    reason = said if isinstance(said, str) else ""
    if denied:
        both = "webhook subject access review returned both allow and deny response" if allowed else ""
        return Verdict(Decision.DENY, reason, both)
    return Verdict(Decision.ALLOW if allowed else Decision.NO_OPINION, reason)


def _spec(user: UserInfo, info: RequestInfo, version: str) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if info.is_resource:
        spec["resourceAttributes"] = _resource(info, version)
    else:
        spec["nonResourceAttributes"] = _given(path=info.path, verb=info.verb)
    groups = {"group" if version == "v1beta1" else "groups": list(user.groups)}
    extra = {name: list(values) for name, values in user.extra.items()}
    return {**spec, **_given(user=user.name, **groups, extra=extra, uid=user.uid)}


def _resource(info: RequestInfo, version: str) -> dict[str, Any]:
    selectors: dict[str, Any] = {}
    if version != "v1beta1":
        fields, labels = _field_requirements(info.field_selector), _label_requirements(info.label_selector)
        selectors = _given(
            fieldSelector={"requirements": fields} if fields else None,
            labelSelector={"requirements": labels} if labels else None,
        )
    return {
        **_given(
            namespace=info.namespace,
            verb=info.verb,
            group=info.group,
            version=info.version,
            resource=info.resource,
            subresource=info.subresource,
            name=info.name,
        ),
        **selectors,
    }


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


_OPERATORS = {
    "=": "In",
    "==": "In",
    "in": "In",
    "!=": "NotIn",
    "notin": "NotIn",
    "exists": "Exists",
    "!": "DoesNotExist",
}


def _field_requirements(selector: str) -> list[dict[str, Any]]:
    """What cannot be read is left out: requirements only narrow what is asked."""
    try:
        requirements = field_selector.parse(selector).requirements if selector else ()
    except ApiError:
        return []
    return [{"key": one.field, "operator": _OPERATORS[one.operator], "values": [one.value]} for one in requirements]


def _label_requirements(selector: str) -> list[dict[str, Any]]:
    try:
        requirements = label_selector.parse(selector).requirements if selector else ()
    except ApiError:
        return []
    return [
        _given(key=one.key, operator=_OPERATORS[one.operator], values=list(one.values))
        for one in requirements
        if one.operator in _OPERATORS
    ]
