"""Which webhooks are asked: rules, versions, selectors, match conditions, and all of it after a change."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.admission.webhook.front import Front, front
from tests.admission.webhook.webhook_server import WebhookServer, allow, patch, webhook_server

from steersman.admission.webhook.configurations import select
from steersman.admission.webhook.webhook import Webhook
from steersman.apimachinery.errors import ApiError
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog
from steersman.apiserver.registry.resource import Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.client.kinds import admissionregistration_v1 as registration
from steersman.client.kinds import apiextensions_v1, core_v1

SERVED = ServedResources()
SERVED.install(builtin_resources(Catalog(12).resources(), Definitions(Catalog(12)), {}))


def resource(group: str, version: str, plural: str) -> Resource:
    found = SERVED.find(group, version, plural)
    assert found is not None
    return found


PODS = resource("", "v1", "pods")
NODES = resource("", "v1", "nodes")
NAMESPACES = resource("", "v1", "namespaces")
DEPLOYMENTS = resource("apps", "v1", "deployments")
OLD_DEPLOYMENTS = resource("extensions", "v1beta1", "deployments")


def webhook(*rules: Any, policy: str = "Exact") -> Webhook:
    return Webhook.read("c", 0, {"name": "a.b.c", "rules": list(rules), "matchPolicy": policy})


def rule(operations: str, groups: str, versions: str, resources: str, scope: str = "*") -> Any:
    return {
        "operations": operations.split(),
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "apiVersions": versions.split(),
        "resources": resources.split(),
        "scope": scope,
    }


@pytest.mark.parametrize(
    ("rule", "operation", "resource", "subresource", "matches"),
    [
        (rule("CREATE", "core", "v1", "pods"), "CREATE", PODS, "", True),
        (rule("CREATE", "core", "v1", "pods"), "UPDATE", PODS, "", False),
        (rule("*", "*", "*", "*"), "DELETE", PODS, "", True),
        (rule("CREATE", "core", "v2", "pods"), "CREATE", PODS, "", False),
        (rule("CREATE", "apps", "v1", "pods"), "CREATE", PODS, "", False),
        (rule("UPDATE", "core", "v1", "pods"), "UPDATE", PODS, "status", False),
        (rule("UPDATE", "core", "v1", "pods/status"), "UPDATE", PODS, "status", True),
        (rule("UPDATE", "core", "v1", "pods/status"), "UPDATE", PODS, "", False),
        (rule("UPDATE", "core", "v1", "pods/*"), "UPDATE", PODS, "status", True),
        # pods/* stands for Pods too, as in kube-apiserver.
        (rule("UPDATE", "core", "v1", "pods/*"), "UPDATE", PODS, "", True),
        (rule("UPDATE", "core", "v1", "*"), "UPDATE", PODS, "status", False),
        (rule("UPDATE", "core", "v1", "*/status"), "UPDATE", PODS, "status", True),
        (rule("UPDATE", "core", "v1", "*/*"), "UPDATE", PODS, "status", True),
        (rule("CREATE", "core", "v1", "*", "Namespaced"), "CREATE", PODS, "", True),
        (rule("CREATE", "core", "v1", "*", "Cluster"), "CREATE", PODS, "", False),
        (rule("CREATE", "core", "v1", "*", "Cluster"), "CREATE", NODES, "", True),
        (rule("CREATE", "core", "v1", "*", "Namespaced"), "CREATE", NODES, "", False),
        (rule("CREATE", "core", "v1", "*", "Cluster"), "CREATE", NAMESPACES, "", True),
    ],
)
def test_rules(rule: Any, operation: str, resource: Resource, subresource: str, matches: bool) -> None:
    assert bool(select([webhook(rule)], operation, resource, subresource, SERVED)) is matches


@pytest.mark.parametrize(
    ("policy", "rules", "sent_as"),
    [
        ("Exact", [rule("*", "extensions", "*", "deployments")], None),
        ("Equivalent", [rule("*", "extensions", "*", "deployments")], OLD_DEPLOYMENTS),
        ("Equivalent", [rule("*", "extensions", "*", "deployments"), rule("*", "apps", "v1", "*")], DEPLOYMENTS),
        ("Equivalent", [rule("*", "extensions", "*", "replicasets")], None),
    ],
)
def test_equivalent_versions(policy: str, rules: list[Any], sent_as: Resource | None) -> None:
    found = select([webhook(*rules, policy=policy)], "CREATE", DEPLOYMENTS, "", SERVED)

    assert [one.resource for one in found] == ([] if sent_as is None else [sent_as])


@pytest.mark.parametrize("plural", ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"])
def test_configurations_are_never_sent(plural: str) -> None:
    everything = webhook(rule("*", "*", "*", "*/*"), policy="Equivalent")
    configurations = resource("admissionregistration.k8s.io", "v1beta1", plural)

    assert select([everything], "CREATE", configurations, "", SERVED) == []


WORDS = {
    "operations": st.sampled_from(["*", "CREATE", "UPDATE", "DELETE"]),
    "apiGroups": st.sampled_from(["*", "", "apps", "extensions"]),
    "apiVersions": st.sampled_from(["*", "v1", "v1beta1", "v1beta2"]),
    "resources": st.sampled_from(["*", "*/*", "*/status", "pods", "deployments", "deployments/*", "deployments/scale"]),
}
RULES = st.fixed_dictionaries(
    {name: st.lists(word, min_size=1, max_size=2) for name, word in WORDS.items()}
    | {"scope": st.sampled_from(["*", "Cluster", "Namespaced"])}
)
HOOKS = st.tuples(st.lists(RULES, min_size=1, max_size=3), st.sampled_from(["Exact", "Equivalent"]))
ASKED = st.sampled_from([PODS, NODES, DEPLOYMENTS, OLD_DEPLOYMENTS, NAMESPACES])


def naive(rules: list[Any], policy: str, operation: str, asked: Resource, subresource: str) -> Resource | None:
    """As the reference tells it, word by word."""

    def fits(one: Any, seen: Resource) -> bool:
        pairs = [(name, part) for name, _, part in (listed.partition("/") for listed in one["resources"])]
        scope = "Namespaced" if asked.namespaced else "Cluster"
        return (
            any(word in ("*", operation) for word in one["operations"])
            and any(word in ("*", seen.group) for word in one["apiGroups"])
            and any(word in ("*", seen.version) for word in one["apiVersions"])
            and any(name in ("*", seen.plural) and part in ("*", subresource) for name, part in pairs)
            and one["scope"] in ("*", scope)
        )

    for one in rules:
        if fits(one, asked):
            return asked
    others = [other for other in SERVED.all() if other.stored is asked.stored and other is not asked]
    if policy == "Equivalent":
        for one in rules:
            for other in others:
                if (not subresource or subresource in other.subresources) and fits(one, other):
                    return other
    return None


@settings(max_examples=200, deadline=None)
@given(HOOKS, st.sampled_from(["CREATE", "UPDATE", "DELETE"]), ASKED, st.sampled_from(["", "status", "scale"]))
def test_selection_agrees_with_a_naive_one(
    hook: tuple[list[Any], str], operation: str, asked: Resource, subresource: str
) -> None:
    rules, policy = hook

    found = select([webhook(*rules, policy=policy)], operation, asked, subresource, SERVED)

    expected = naive(rules, policy, operation, asked, subresource)
    assert [one.resource for one in found] == ([] if expected is None else [expected])


async def calls(api: Front, hooks: WebhookServer, **webhook: Any) -> list[str]:
    """The names of ConfigMaps that a webhook was asked about, of the four that are created."""
    hooks.on("/hook", lambda request: allow(request))
    await api.validating(hooks.webhook("/hook", **webhook))
    namespaces, config_maps = api.client.resource(core_v1.NAMESPACES), api.client.resource(core_v1.CONFIG_MAPS)
    await namespaces.create({"metadata": {"name": "prod", "labels": {"env": "prod"}}})
    for namespace in ("default", "prod"):
        for tier in ("web", "db"):
            meta: Any = {"name": f"{namespace}-{tier}", "labels": {"tier": tier}}
            await config_maps.create({"metadata": meta}, namespace=namespace)
    return [request["name"] for request in hooks.calls("/hook")]


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, ["default-web", "default-db", "prod-web", "prod-db"]),
        ({"namespaceSelector": {"matchLabels": {"env": "prod"}}}, ["prod-web", "prod-db"]),
        ({"objectSelector": {"matchLabels": {"tier": "web"}}}, ["default-web", "prod-web"]),
        (
            {
                "namespaceSelector": {"matchExpressions": [{"key": "env", "operator": "DoesNotExist"}]},
                "objectSelector": {"matchLabels": {"tier": "db"}},
            },
            ["default-db"],
        ),
        (
            {"matchConditions": [{"name": "a", "expression": "object.metadata.name.endsWith('db')"}]},
            ["default-db", "prod-db"],
        ),
        (
            {
                "matchConditions": [
                    {"name": "a", "expression": "request.namespace == 'prod' && request.operation == 'CREATE'"},
                    {"name": "b", "expression": "oldObject == null"},
                    {"name": "c", "expression": "authorizer.group('').resource('pods').check('get').allowed()"},
                    {"name": "d", "expression": "authorizer.requestResource.check('create').allowed()"},
                ]
            },
            ["prod-web", "prod-db"],
        ),
        # One that is false counts more than one that fails.
        (
            {
                "matchConditions": [
                    {"name": "a", "expression": "object.none.such == 'x'"},
                    {"name": "b", "expression": "false"},
                ]
            },
            [],
        ),
        (
            {"failurePolicy": "Ignore", "matchConditions": [{"name": "a", "expression": "object.none.such == 'x'"}]},
            [],
        ),
    ],
)
async def test_selectors_and_conditions(more: Any, asked: list[str]) -> None:
    async with front() as api, webhook_server() as hooks:
        assert await calls(api, hooks, **more) == asked


async def test_conditions_without_a_value_refuse_where_failures_do() -> None:
    async with front() as api, webhook_server() as hooks:
        conditions = [{"name": "a", "expression": "object.data.none == 'x'"}]
        await api.validating(hooks.webhook("/hook", matchConditions=conditions))

        with pytest.raises(ApiError) as refusal:
            await api.create(data={"a": "b"})
        page = await api.metrics()

    assert (
        'apiserver_admission_match_condition_evaluation_errors_total{kind="webhook",name="hook.example.com",'
        'operation="CREATE",type="validating"} 1'
    ) in page
    assert (refusal.value.code, refusal.value.reason) == (403, "Forbidden")
    assert refusal.value.message == (
        "configmaps \"x\" is forbidden: expression 'object.data.none == 'x'' resulted in error: no such key: none"
    )


async def test_a_namespaces_own_labels_count_for_itself() -> None:
    cluster = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces", "nodes"]}
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", lambda request: allow(request))
        selector = {"matchLabels": {"env": "prod"}}
        await api.validating(hooks.webhook("/hook", rules=[cluster], namespaceSelector=selector))
        namespaces = api.client.resource(core_v1.NAMESPACES)

        await namespaces.create({"metadata": {"name": "prod", "labels": {"env": "prod"}}})
        await namespaces.create({"metadata": {"name": "other"}})
        await namespaces.delete("prod")
        await api.client.resource(core_v1.NODES).create({"metadata": {"name": "node"}})

    asked = [(request["operation"], request["name"], request.get("namespace")) for request in hooks.calls("/hook")]
    # What is cluster-scoped and no namespace is in none that a selector could leave out.
    assert asked[:2] == [("CREATE", "prod", "prod"), ("DELETE", "prod", "prod")]
    assert ("CREATE", "node", None) in asked
    assert not any(name == "other" for _, name, _ in asked)


async def test_the_old_objects_labels_count_too() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", lambda request: allow(request))
        await api.create(metadata={"labels": {"a": "b"}})
        await api.validating(hooks.webhook("/hook", objectSelector={"matchLabels": {"a": "b"}}))
        config_maps = api.client.resource(core_v1.CONFIG_MAPS)

        await config_maps.patch("x", {"metadata": {"labels": {"a": None}}})
        await config_maps.patch("x", {"data": {"a": "b"}})

    assert len(hooks.calls("/hook")) == 1


async def test_changes_of_a_configuration_count_at_once() -> None:
    async with front() as api, webhook_server() as hooks:
        kind = api.client.resource(registration.VALIDATING_WEBHOOK_CONFIGURATIONS)
        for path in ("/one", "/two"):
            hooks.on(path, lambda request: allow(request))

        await api.create("before")
        await api.validating(hooks.webhook("/one"))
        await api.create("first")
        await kind.patch("test", {"webhooks": [hooks.webhook("/two")]})
        await api.create("second")
        await kind.delete("test")
        await api.create("after")

    assert [request["name"] for request in hooks.calls("/one")] == ["first"]
    assert [request["name"] for request in hooks.calls("/two")] == ["second"]


async def test_an_equivalent_version_is_converted_both_ways() -> None:
    rule = {"operations": ["*"], "apiGroups": ["extensions"], "apiVersions": ["v1beta1"], "resources": ["deployments"]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    async with front(version="1.15") as api, webhook_server() as hooks:
        hooks.on("/hook", lambda request: patch(request, {"op": "replace", "path": "/spec/replicas", "value": 7}))
        configuration = {
            "metadata": {"name": "x"},
            "webhooks": [
                {
                    **hooks.webhook("/hook", rules=[rule], matchPolicy="Equivalent"),
                    "admissionReviewVersions": ["v1beta1"],
                }
            ],
        }
        base = "/apis/admissionregistration.k8s.io/v1beta1/mutatingwebhookconfigurations"
        await api.client.rest.request("POST", base, body=_json(configuration))

        answer = await api.client.rest.request(
            "POST", "/apis/apps/v1/namespaces/default/deployments", body=_json(deployment)
        )

    (request,) = hooks.calls("/hook")
    assert request["object"]["apiVersion"] == "extensions/v1beta1"
    assert request["kind"]["group"] == request["resource"]["group"] == "extensions"
    assert request["requestKind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    made = json.loads(answer.body)
    assert (made["apiVersion"], made["spec"]["replicas"]) == ("apps/v1", 7)


def definition(*versions: str) -> Any:
    schema = {"openAPIV3Schema": {"type": "object"}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    served = [{"name": name, "served": True, "storage": name == "v1", "schema": schema} for name in versions]
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": served}
    return {"metadata": {"name": "widgets.example.com"}, "spec": spec}


async def test_a_version_that_comes_later_is_an_equivalent_one() -> None:
    rule = {"operations": ["*"], "apiGroups": ["example.com"], "apiVersions": ["v2"], "resources": ["widgets"]}
    widgets = "/apis/example.com/v1/namespaces/default/widgets"
    async with front() as api, webhook_server() as hooks:
        hooks.on("/hook", lambda request: allow(request))
        await api.validating(hooks.webhook("/hook", rules=[rule]))
        definitions = api.client.resource(apiextensions_v1.CUSTOM_RESOURCE_DEFINITIONS)
        await definitions.create(definition("v1"))
        await _served(api, "v1")

        await api.client.rest.request("POST", widgets, body=_json({"metadata": {"name": "early"}}))
        await definitions.patch("widgets.example.com", definition("v1", "v2"))
        await _served(api, "v2")
        await api.client.rest.request("POST", widgets, body=_json({"metadata": {"name": "late"}}))

    (request,) = hooks.calls("/hook")
    assert (request["name"], request["object"]["apiVersion"]) == ("late", "example.com/v2")
    assert request["requestResource"]["version"] == "v1"


async def _served(api: Front, version: str) -> None:
    while True:
        try:
            await api.client.rest.request("GET", f"/apis/example.com/{version}/widgets")
        except ApiError:
            await asyncio.sleep(0)
        else:
            return


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
