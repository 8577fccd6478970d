"""What the index of roles answers, and how it words it."""

import sys

import pytest

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Decision, PolicyRule
from steersman.apiserver.authorization.rbac.authorizer import RBACAuthorizer
from steersman.apiserver.authorization.rbac.binding import Binding, Subject
from steersman.apiserver.authorization.rbac.grants import LARGE
from steersman.apiserver.authorization.rbac.role_index import RoleIndex
from steersman.apiserver.request_info import RequestInfo, request_info

READ_PODS = (PolicyRule(("get", "list"), ("",), ("pods",)),)
GET_POD = RequestInfo("get", "", True, "", "v1", "x", "pods", "", "p")
JANE = UserInfo("jane", groups=("dev", "system:authenticated"))


@pytest.mark.parametrize(
    ("binding", "user", "reason"),
    [
        (
            Binding("", "b", "ClusterRole", "read", (Subject("User", "jane"),)),
            JANE,
            'ClusterRoleBinding "b" of ClusterRole "read" to User "jane"',
        ),
        (
            Binding("x", "b", "ClusterRole", "read", (Subject("User", "joe"), Subject("Group", "dev"))),
            JANE,
            'RoleBinding "b/x" of ClusterRole "read" to Group "dev"',
        ),
        (
            Binding("x", "b", "Role", "read", (Subject("Group", "dev"), Subject("User", "jane"))),
            JANE,
            'RoleBinding "b/x" of Role "read" to Group "dev"',
        ),
        (
            Binding("x", "b", "Role", "read", (Subject("ServiceAccount", "bot"),)),
            UserInfo("system:serviceaccount:x:bot"),
            'RoleBinding "b/x" of Role "read" to ServiceAccount "bot/x"',
        ),
        (
            Binding("", "b", "ClusterRole", "read", (Subject("ServiceAccount", "bot", "x"),)),
            UserInfo("system:serviceaccount:x:bot"),
            'ClusterRoleBinding "b" of ClusterRole "read" to ServiceAccount "bot/x"',
        ),
    ],
)
def test_why_it_is_allowed(binding: Binding, user: UserInfo, reason: str) -> None:
    index = RoleIndex()
    index.set_role("", "read", READ_PODS)
    index.set_role("x", "read", READ_PODS)
    index.set_binding(binding)

    verdict = RBACAuthorizer(index).authorize(user, GET_POD)

    assert (verdict.decision, verdict.reason) == (Decision.ALLOW, f"RBAC: allowed by {reason}")


def test_roles_that_do_not_exist_are_told_of() -> None:
    index = RoleIndex()
    index.set_binding(Binding("", "a", "ClusterRole", "gone", (Subject("Group", "dev"),)))
    authorizer = RBACAuthorizer(index)
    one = authorizer.authorize(JANE, GET_POD)
    index.set_binding(Binding("x", "b", "Role", "lost", (Subject("User", "jane"), Subject("Group", "dev"))))
    two = authorizer.authorize(JANE, GET_POD)

    gone, lost = (
        f'{name}.rbac.authorization.k8s.io "{role}" not found'
        for name, role in (("clusterrole", "gone"), ("role", "lost"))
    )
    assert (one.decision, one.reason) == (Decision.NO_OPINION, f"RBAC: {gone}")
    assert two.reason == f"RBAC: [{gone}, {lost}]"
    assert authorizer.rules_for(JANE, "x").errors == (f"[{gone}, {lost}]",)


def test_what_is_behind_a_proxy_is_the_proxy() -> None:
    index = RoleIndex()
    index.set_role("", "proxy", (PolicyRule(("get",), ("",), ("nodes/proxy",)),))
    index.set_binding(Binding("", "b", "ClusterRole", "proxy", (Subject("User", "jane"),)))
    info = request_info("GET", "/api/v1/nodes/n/proxy/stats/summary", {})

    assert RBACAuthorizer(index).authorize(JANE, info).decision is Decision.ALLOW


def test_rules_are_listed_once_a_binding() -> None:
    index = RoleIndex()
    index.set_role("", "read", READ_PODS)
    index.set_binding(Binding("", "a", "ClusterRole", "read", (Subject("User", "jane"), Subject("Group", "dev"))))
    index.set_binding(Binding("x", "b", "ClusterRole", "read", (Subject("User", "jane"),)))

    assert RBACAuthorizer(index).rules_for(JANE, "x").rules == READ_PODS * 2
    assert RBACAuthorizer(index).rules_for(JANE, "y").rules == READ_PODS


def test_a_rule_of_very_many_combinations_is_not_written_out() -> None:
    many = tuple(f"r{at}" for at in range(300))
    rule = PolicyRule(many, many, many)
    assert rule.size > LARGE
    index = RoleIndex()
    index.set_role("", "huge", (rule, PolicyRule(many, non_resource_urls=tuple(f"/{one}/*" for one in many * 10))))
    index.set_binding(Binding("", "b", "ClusterRole", "huge", (Subject("User", "jane"),)))
    authorizer = RBACAuthorizer(index)

    def decided(info: RequestInfo) -> Decision:
        return authorizer.authorize(JANE, info).decision

    assert decided(RequestInfo("r1", "", True, "r2", "v1", "", "r3")) is Decision.ALLOW
    assert decided(RequestInfo("r1", "", True, "r2", "v1", "", "pods")) is Decision.NO_OPINION
    assert decided(RequestInfo("r1", "/r7/x")) is Decision.ALLOW
    assert decided(RequestInfo("get", "/r7/x")) is Decision.NO_OPINION


def test_a_check_does_not_look_at_every_binding() -> None:
    """A hundred times the bindings of others, and of one's own, cost no more."""

    def index_of(count: int) -> RoleIndex:
        index = RoleIndex()
        for at in range(count):
            index.set_role("x", f"r{at}", (PolicyRule(("get",), ("",), ("pods",), (f"p{at}",)),))
            index.set_binding(
                Binding("x", f"b{at}", "Role", f"r{at}", (Subject("User", "jane"), Subject("User", f"u{at}")))
            )
        return index

    def lookups(count: int) -> int:
        index, calls = index_of(count), 0
        info = GET_POD._replace(name=f"p{count - 1}")
        RBACAuthorizer(index).authorize(JANE, info)

        def count_call(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count_call)
        try:
            verdict = RBACAuthorizer(index).authorize(JANE, info)
        finally:
            sys.setprofile(None)
        assert verdict.decision is Decision.ALLOW
        return calls

    assert lookups(10) == lookups(1000)
