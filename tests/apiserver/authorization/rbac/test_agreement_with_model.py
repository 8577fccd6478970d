"""The compiled index says what the slow model says, of generated roles, bindings and requests, also as they change."""

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apiserver.authorization.rbac.rule_model import BindingFacts, Cluster, as_binding, covered

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Decision, PolicyRule
from steersman.apiserver.authorization.rbac.authorizer import RBACAuthorizer
from steersman.apiserver.authorization.rbac.binding import RoleKey, Subject
from steersman.apiserver.authorization.rbac.coverage import not_covered, not_held
from steersman.apiserver.authorization.rbac.role_index import RoleIndex
from steersman.apiserver.request_info import RequestInfo

VERBS = ("get", "list", "create", "*")
GROUPS = ("", "apps", "*")
RESOURCES = ("pods", "pods/log", "deployments", "deployments/scale", "*/scale", "*/log", "*")
NAMES = ("a", "b")
URLS = ("/healthz", "/healthz/*", "/api", "/api/*", "/a*", "*")
NAMESPACES = ("x", "y")
USERS = ("jane", "joe", "system:serviceaccount:x:bot")
TEAMS = ("dev", "ops")


def several(values: Sequence[str], least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3, unique=True).map(tuple)


RULES = st.one_of(
    st.builds(PolicyRule, several(VERBS), several(GROUPS), several(RESOURCES), several(NAMES, 0)),
    st.builds(lambda verbs, urls: PolicyRule(verbs, non_resource_urls=urls), several(VERBS), several(URLS)),
)
SUBJECTS = st.one_of(
    st.builds(Subject, st.just("User"), st.sampled_from(USERS)),
    st.builds(Subject, st.just("Group"), st.sampled_from(TEAMS)),
    st.builds(Subject, st.just("ServiceAccount"), st.just("bot"), st.sampled_from(("", *NAMESPACES))),
)
ROLE_KEYS = st.tuples(st.sampled_from(("", *NAMESPACES)), st.sampled_from(("r", "s")))
ROLE_RULES = st.lists(RULES, max_size=3)


@st.composite
def bindings(draw: st.DrawFn) -> BindingFacts:
    namespace = draw(st.sampled_from(("", *NAMESPACES)))
    kind = draw(st.sampled_from(("Role", "ClusterRole") if namespace else ("ClusterRole",)))
    subjects = tuple(draw(st.lists(SUBJECTS, max_size=3)))
    return BindingFacts(namespace, draw(st.sampled_from(("b", "c", "d"))), kind, draw(st.sampled_from("rs")), subjects)


CLUSTERS = st.builds(
    lambda roles, bound: Cluster(roles, {(one.namespace, one.name): one for one in bound}),
    st.dictionaries(ROLE_KEYS, ROLE_RULES, max_size=6),
    st.lists(bindings(), max_size=8),
)
PEOPLE = st.builds(lambda name, groups: UserInfo(name, groups=groups), st.sampled_from(USERS), several(TEAMS, 0))

REQUESTS = [
    RequestInfo(verb, "", True, group, "v1", namespace, resource, subresource, name)
    for verb in ("get", "list", "delete")
    for group in ("", "apps")
    for namespace in ("", *NAMESPACES)
    for resource, subresource in (("pods", ""), ("pods", "log"), ("deployments", "scale"), ("nodes", ""))
    for name in ("", "a")
] + [
    RequestInfo(verb, path)
    for verb in ("get", "post")
    for path in ("/healthz", "/healthz/x", "/api", "/apis", "/version", "/")
]
"""156 of them."""


def agree(cluster: Cluster, authorizer: RBACAuthorizer, user: UserInfo) -> None:
    for info in REQUESTS:
        verdict, reasons = authorizer.authorize(user, info), cluster.allowing(user, info)
        assert (verdict.decision is Decision.ALLOW) is bool(reasons), (info, verdict, reasons)
        assert not reasons or verdict.reason in reasons, (info, verdict, reasons)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cluster=CLUSTERS, user=PEOPLE)
def test_every_request(cluster: Cluster, user: UserInfo) -> None:
    agree(cluster, RBACAuthorizer(cluster.index()), user)


Change = Callable[[Cluster, RoleIndex], None]


def role_change(key: RoleKey, rules: list[PolicyRule] | None) -> Change:
    def change(cluster: Cluster, index: RoleIndex) -> None:
        index.set_role(*key, rules)
        cluster.roles.pop(key, None)
        if rules is not None:
            cluster.roles[key] = rules

    return change


def binding_change(facts: BindingFacts, stays: bool) -> Change:
    def change(cluster: Cluster, index: RoleIndex) -> None:
        key = (facts.namespace, facts.name)
        cluster.bindings.pop(key, None)
        if stays:
            cluster.bindings[key] = facts
            index.set_binding(as_binding(facts))
        else:
            index.remove_binding(*key)

    return change


CHANGES = st.one_of(
    st.builds(role_change, ROLE_KEYS, st.none() | ROLE_RULES), st.builds(binding_change, bindings(), st.booleans())
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cluster=CLUSTERS, user=PEOPLE, changes=st.lists(CHANGES, min_size=1, max_size=5))
def test_every_request_after_every_change(cluster: Cluster, user: UserInfo, changes: list[Change]) -> None:
    index = cluster.index()
    authorizer = RBACAuthorizer(index)
    agree(cluster, authorizer, user)
    for change in changes:
        change(cluster, index)
        agree(cluster, authorizer, user)


@settings(max_examples=150, deadline=None)
@given(held=ROLE_RULES, wanted=ROLE_RULES)
def test_what_rules_do_not_cover(held: list[PolicyRule], wanted: list[PolicyRule]) -> None:
    missing = [atom for rule in wanted for atom in rule.atoms() if not covered(atom, held)]
    user = UserInfo("jane")
    cluster = Cluster({("x", "r"): held}, {})
    cluster.bindings["x", "b"] = BindingFacts("x", "b", "Role", "r", (Subject("User", "jane"),))

    assert not_covered(wanted, held) == missing
    assert not_held(cluster.index(), user, "x", wanted) == missing
    assert not_held(cluster.index(), user, "y", wanted) == [atom for rule in wanted for atom in rule.atoms()]
