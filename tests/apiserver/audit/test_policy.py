"""Which rule of an audit policy decides about a request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.audit.policy import (
    PANIC,
    RECEIVED,
    REMEMBERED,
    STARTED,
    AuditConfig,
    AuditPolicy,
    AuditRule,
    GroupResources,
    Level,
    PolicyEvaluator,
)
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.request_info import RequestInfo, request_info

TIM = UserInfo("tim@k8s.io", groups=("humans", "developers", "system:authenticated"))
POD = "/api/v1/namespaces/default/pods/busybox"
LOG = f"{POD}/log"
SCALE = "/apis/apps/v1/namespaces/default/deployments/web/scale"
NODE_STATUS = "/api/v1/nodes/n/status"


def info(path: str, method: str = "GET") -> RequestInfo:
    return request_info(method, path, {})


def matches(rule: AuditRule, asked: RequestInfo, user: UserInfo | None = TIM) -> bool:
    return PolicyEvaluator(AuditPolicy((rule,))).evaluate(user, asked).level is rule.level


def rule(**fields: Any) -> AuditRule:
    return AuditRule(Level.METADATA, **fields)


def of(group: str, *resources: str, names: tuple[str, ...] = ()) -> dict[str, tuple[GroupResources, ...]]:
    return {"resources": (GroupResources(group, resources, names),)}


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({}, POD, True),
        ({}, "/version", True),
        ({"users": ("tim@k8s.io", "jane")}, POD, True),
        ({"users": ("jane",)}, POD, False),
        ({"users": ("humans",)}, POD, False),
        ({"user_groups": ("developers",)}, POD, True),
        ({"user_groups": ("developers", "admins")}, POD, True),
        ({"user_groups": ("admins",)}, POD, False),
        ({"user_groups": ("tim@k8s.io",)}, POD, False),
        ({"users": ("tim@k8s.io",), "user_groups": ("admins",)}, POD, False),
        ({"verbs": ("get", "list")}, POD, True),
        ({"verbs": ("list",)}, POD, False),
        ({"verbs": ("get",)}, "/version", True),
        ({"namespaces": ("default",)}, POD, True),
        ({"namespaces": ("kube-system",)}, POD, False),
        ({"namespaces": ("",)}, NODE_STATUS, True),
        ({"namespaces": ("",)}, POD, False),
        ({"namespaces": ("",)}, "/version", False),
        (of(""), POD, True),
        (of("apps"), POD, False),
        (of("*"), POD, True),
        (of("*"), SCALE, True),
        (of(""), "/version", False),
        (of("", "pods"), POD, True),
        (of("", "pods"), LOG, False),
        (of("", "pods/log"), LOG, True),
        (of("", "pods/log"), POD, False),
        (of("", "pods/*"), LOG, True),
        (of("", "pods/*"), POD, True),
        (of("", "pods/*"), NODE_STATUS, False),
        (of("", "*"), LOG, True),
        (of("", "*"), SCALE, False),
        (of("*", "*/scale"), SCALE, True),
        (of("*", "*/scale"), LOG, False),
        (of("*", "*/scale"), "/apis/apps/v1/namespaces/default/deployments/web", False),
        (of("", "pods", names=("busybox",)), POD, True),
        (of("", "pods", names=("other",)), POD, False),
        (of("", "pods", names=("busybox",)), "/api/v1/namespaces/default/pods", False),
        ({**of("", "pods"), "namespaces": ("default",)}, POD, True),
        ({**of("", "pods"), "namespaces": ("kube-system",)}, POD, False),
        ({"resources": (GroupResources("apps"), GroupResources("", ("pods",)))}, POD, True),
        ({"resources": (GroupResources("", ("pods",), ("other",)), GroupResources("", ("*",)))}, POD, True),
        ({"resources": (GroupResources("", ("pods",), ("a",)), GroupResources("", ("*",), ("busybox",)))}, POD, True),
        ({"non_resource_urls": ("/version",)}, "/version", True),
        ({"non_resource_urls": ("/version",)}, "/versions", False),
        ({"non_resource_urls": ("/healthz*",)}, "/healthz", True),
        ({"non_resource_urls": ("/healthz*",)}, "/healthz/etcd", True),
        ({"non_resource_urls": ("/healthz*",)}, "/health", False),
        ({"non_resource_urls": ("*",)}, "/anything", True),
        ({"non_resource_urls": ("*",)}, POD, False),
        ({"non_resource_urls": ("/api*",)}, "/api/v1", True),
    ],
)
def test_one_rule(fields: dict[str, Any], path: str, expected: bool) -> None:
    assert matches(rule(**fields), info(path)) is expected


@pytest.mark.parametrize(
    ("fields", "expected"), [({}, True), ({"users": ("",)}, False), ({"user_groups": ("humans",)}, False)]
)
def test_nobody_known_matches_no_rule_about_users(fields: dict[str, Any], expected: bool) -> None:
    assert matches(rule(**fields), info(POD), None) is expected


def test_the_first_rule_that_matches_decides() -> None:
    policy = AuditPolicy(
        (
            AuditRule(Level.NONE, users=("jane",)),
            AuditRule(Level.REQUEST, verbs=("get",)),
            AuditRule(Level.REQUEST_RESPONSE),
        )
    )
    evaluator = PolicyEvaluator(policy)

    assert evaluator.evaluate(UserInfo("jane"), info(POD)).level is Level.NONE
    assert evaluator.evaluate(TIM, info(POD)).level is Level.REQUEST
    assert evaluator.evaluate(TIM, info(POD, "DELETE")).level is Level.REQUEST_RESPONSE


def test_what_no_rule_matches_is_not_audited() -> None:
    policy = AuditPolicy((AuditRule(Level.METADATA, users=("jane",)),), omit_stages=(PANIC,), omit_managed_fields=True)

    assert PolicyEvaluator(policy).evaluate(TIM, info(POD)) == AuditConfig(Level.NONE, frozenset((PANIC,)), True)


@pytest.mark.parametrize(
    ("general", "own", "expected"),
    [(False, None, False), (True, None, True), (True, False, False), (False, True, True)],
)
def test_a_rule_overrides_what_the_policy_says_of_managed_fields(
    general: bool, own: bool | None, expected: bool
) -> None:
    policy = AuditPolicy((rule(omit_managed_fields=own),), omit_managed_fields=general)

    assert PolicyEvaluator(policy).evaluate(TIM, info(POD)).omit_managed_fields is expected


def test_stages_left_out_by_policy_and_rule_add_up() -> None:
    policy = AuditPolicy((rule(omit_stages=(STARTED,)),), omit_stages=(RECEIVED,))

    assert PolicyEvaluator(policy).evaluate(TIM, info(POD)).omit_stages == {RECEIVED, STARTED}


def test_resources_that_clients_make_up_are_not_remembered_without_end() -> None:
    evaluator = PolicyEvaluator(AuditPolicy((rule(**of("", "pods")),)))

    levels = {evaluator.evaluate(TIM, info(f"/api/v1/r{number}/x")).level for number in range(REMEMBERED + 10)}

    assert levels == {Level.NONE}
    assert len(evaluator._candidates) <= REMEMBERED
    assert evaluator.evaluate(TIM, info(POD)).level is Level.METADATA


# A slow obvious model: what the documentation of the fields says, one sentence a line.


def model(policy: AuditPolicy, user: UserInfo | None, asked: RequestInfo) -> Level:
    return next((one.level for one in policy.rules if model_rule(one, user, asked)), Level.NONE)


def model_rule(one: AuditRule, user: UserInfo | None, asked: RequestInfo) -> bool:
    if one.users and (user is None or user.name not in one.users):
        return False
    if one.user_groups and (user is None or not set(one.user_groups) & set(user.groups)):
        return False
    if one.verbs and asked.verb not in one.verbs:
        return False
    if one.namespaces or one.resources:
        return asked.is_resource and model_resource(one, asked)
    if one.non_resource_urls:
        return not asked.is_resource and any(model_path(url, asked.path) for url in one.non_resource_urls)
    return True


def model_resource(one: AuditRule, asked: RequestInfo) -> bool:
    if one.namespaces and asked.namespace not in one.namespaces:
        return False
    return not one.resources or any(model_group(group, asked) for group in one.resources)


def model_group(group: GroupResources, asked: RequestInfo) -> bool:
    if group.group not in ("*", asked.group):
        return False
    if not group.resources:
        return True
    if group.resource_names and asked.name not in group.resource_names:
        return False
    return any(model_name(written, asked.resource, asked.subresource) for written in group.resources)


def model_name(written: str, resource: str, subresource: str) -> bool:
    if written in ("*", f"{resource}/*"):
        return True
    if subresource:
        return written in (f"{resource}/{subresource}", f"*/{subresource}")
    return written == resource


def model_path(url: str, path: str) -> bool:
    return path.startswith(url[:-1]) if url.endswith("*") else path == url


def some(*values: str, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=2).map(tuple)


NAMES = some("a", "b")
RESOURCES = st.lists(
    st.builds(
        GroupResources,
        st.sampled_from(("", "apps", "*")),
        some("pods", "pods/log", "pods/*", "*/log", "*/scale", "*", "deployments"),
        st.just(()),
    )
    | st.builds(GroupResources, st.sampled_from(("", "*")), some("pods", "*", least=1), NAMES),
    max_size=2,
).map(tuple)
RULES = st.builds(
    AuditRule,
    st.sampled_from(Level),
    users=some("ann", "bob"),
    user_groups=some("g", "h"),
    verbs=some("get", "create", "list"),
    resources=RESOURCES,
    namespaces=some("", "ns"),
) | st.builds(
    AuditRule,
    st.sampled_from(Level),
    users=some("ann", "bob"),
    verbs=some("get", "post"),
    non_resource_urls=some("/version", "/v*", "*", "/healthz/*"),
)
USERS = st.none() | st.builds(UserInfo, st.sampled_from(("ann", "bob", "eve")), groups=some("g", "h", "i"))
REQUESTS = st.builds(
    info,
    st.sampled_from(
        (
            *("/version", "/healthz", "/healthz/x", "/", "/api/v1", POD, LOG, SCALE, NODE_STATUS),
            *("/api/v1/pods", "/api/v1/namespaces/ns/pods/a", "/api/v1/namespaces/ns/pods", "/api/v1/nodes/b"),
            *("/apis/apps/v1/namespaces/ns/deployments/a", "/api/v1/namespaces/ns"),
        )
    ),
    st.sampled_from(("GET", "POST", "DELETE")),
)


@given(st.lists(RULES, max_size=4), st.lists(st.tuples(USERS, REQUESTS), min_size=1, max_size=6))
def test_it_is_as_the_model_says(rules: list[AuditRule], asked: list[tuple[UserInfo | None, RequestInfo]]) -> None:
    policy = AuditPolicy(tuple(rules))
    evaluator = PolicyEvaluator(policy)

    for user, request in asked * 2:
        assert evaluator.evaluate(user, request).level is model(policy, user, request)
