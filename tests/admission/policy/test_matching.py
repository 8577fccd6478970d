"""Which requests reach a policy: rules, selectors and names, of the policy and of its binding."""

from typing import Any

import pytest
from tests.admission.policy.serving import (
    CONFIG_MAPS,
    NAMESPACES,
    PRIORITY_CLASSES,
    config_map,
    config_maps,
    rule,
    serving,
    validate,
)

from steersman.admission.policy.match_resources import MatchResources
from steersman.apimachinery.errors import ApiError
from steersman.apis.builtin import Definitions, builtin_resources
from steersman.apis.catalog import Catalog, RuntimeConfig
from steersman.apiserver.admission import Attributes
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.registry.resource import Resource
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource

SECRETS = ApiResource("", "v1", "secrets", "Secret", True, DICTS)
EVENTS = ApiResource("", "v1", "events", "Event", True, DICTS)


async def is_refused(client: Client, obj: dict[str, Any], resource: ApiResource[dict[str, Any]] = CONFIG_MAPS) -> bool:
    try:
        await client.resource(resource).create(obj)
    except ApiError as error:
        return "denied request" in error.message
    return False


def labelled(name: str = "x", namespace: str = "default", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}}


@pytest.fixture(scope="module")
def resource() -> Resource:
    catalog = Catalog(37)
    facts = [one for one in catalog.resources(RuntimeConfig(), "kubernetes") if one.plural == "configmaps"]
    (found,) = builtin_resources(facts, Definitions(catalog), {})
    return found


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"resourceRules": [rule()]}, True),
        ({"resourceRules": [rule("*")]}, True),
        ({"resourceRules": [rule("*/*")]}, True),
        ({"resourceRules": [rule("configmaps/*")]}, True),
        ({"resourceRules": [rule("configmaps/status")]}, False),
        ({"resourceRules": [rule("secrets")]}, False),
        ({"resourceRules": [rule(group="apps")]}, False),
        ({"resourceRules": [rule(group="*")]}, True),
        ({"resourceRules": [rule(version="v2")]}, False),
        ({"resourceRules": [rule(operations=("*",))]}, True),
        ({"resourceRules": [rule(operations=("DELETE",))]}, False),
        ({"resourceRules": [rule(scope="Cluster")]}, False),
        ({"resourceRules": [rule(scope="Namespaced")]}, True),
        ({"resourceRules": [rule("secrets"), rule()]}, True),
        ({"resourceRules": [rule(resourceNames=["y", "x"])]}, True),
        ({"resourceRules": [rule(resourceNames=["y"])]}, False),
        ({"resourceRules": [rule(resourceNames=["y"]), rule()]}, True),
        ({"excludeResourceRules": [rule("secrets")]}, True),
        ({"excludeResourceRules": [rule()]}, False),
        ({"excludeResourceRules": [rule(resourceNames=["x"])]}, False),
        ({"excludeResourceRules": [rule(resourceNames=["y"])]}, True),
        ({"excludeResourceRules": [rule(resourceNames=["y"]), rule(resourceNames=["x"])]}, False),
        ({}, True),
        ({"objectSelector": {"matchLabels": {"a": "b"}}}, True),
        ({"objectSelector": {"matchLabels": {"a": "c"}}}, False),
        ({"objectSelector": {"matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]}}, True),
    ],
)
def test_rules_names_and_the_labels_of_the_object(match: dict[str, Any], expected: bool, resource: Resource) -> None:
    obj = {"metadata": {"name": "x", "namespace": "default", "labels": {"a": "b"}}}
    attributes = Attributes("CREATE", resource, "default", "x", obj, None, UserInfo("someone"))

    read = MatchResources.read(match)
    scope = read.scope("CREATE", resource, "", ())

    matches = scope is not None and scope.target("x") is resource and not read.exclusion(attributes, None)
    assert matches is expected


async def test_namespaces_are_selected_by_their_labels() -> None:
    selector = {"matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}]}
    async with serving() as client:
        await client.resource(NAMESPACES).create({"metadata": {"name": "team", "labels": {"env": "prod"}}})
        await validate(client, "false", constraints={"namespaceSelector": selector})

        assert await is_refused(client, labelled(namespace="team"))
        assert not await is_refused(client, labelled())
        await client.resource(NAMESPACES).patch("default", {"metadata": {"labels": {"env": "prod"}}})
        assert await is_refused(client, labelled("y"))


async def test_a_binding_limits_what_its_policy_is_for() -> None:
    match = {"resourceRules": [rule(resourceNames=["x"])], "objectSelector": {"matchLabels": {"a": "b"}}}
    async with serving() as client:
        await validate(client, "false", rules=(rule("*", group="*"),), binding={"matchResources": match})

        assert not await is_refused(client, labelled(a="b"), SECRETS)
        assert not await is_refused(client, labelled("y", a="b"))
        assert not await is_refused(client, labelled("x", a="c"))
        await config_maps(client).delete("x")
        assert await is_refused(client, labelled("x", a="b"))


async def test_labels_of_the_old_object_count_as_well() -> None:
    async with serving() as client:
        await config_maps(client).create(labelled(guarded="yes"))
        await validate(client, "false", constraints={"objectSelector": {"matchLabels": {"guarded": "yes"}}})

        with pytest.raises(ApiError, match="failed expression"):
            await config_maps(client).update(labelled())


async def test_namespaces_are_selected_by_their_own_labels() -> None:
    selector = {"namespaceSelector": {"matchLabels": {"env": "prod"}}}
    rules = (rule("namespaces", operations=("CREATE", "UPDATE", "DELETE")),)
    async with serving() as client:
        await client.resource(NAMESPACES).create({"metadata": {"name": "old", "labels": {"env": "prod"}}})
        await validate(client, "false", rules=rules, constraints=selector)

        assert await is_refused(client, {"metadata": {"name": "new", "labels": {"env": "prod"}}}, NAMESPACES)
        assert not await is_refused(client, {"metadata": {"name": "other"}}, NAMESPACES)
        with pytest.raises(ApiError, match="failed expression"):
            await client.resource(NAMESPACES).delete("old")
        with pytest.raises(ApiError, match="failed expression"):
            await client.resource(NAMESPACES).patch("other", {"metadata": {"labels": {"env": "prod"}}})


async def test_a_namespace_selector_lets_cluster_scoped_objects_through_to_the_policy() -> None:
    selector = {"namespaceSelector": {"matchLabels": {"env": "prod"}}}
    async with serving() as client:
        rules = (rule("priorityclasses", group="scheduling.k8s.io"),)
        await validate(client, "false", rules=rules, constraints=selector)

        assert await is_refused(client, {"metadata": {"name": "x"}, "value": 1}, PRIORITY_CLASSES)


@pytest.mark.parametrize(("policy", "expected"), [("Equivalent", True), ("Exact", False)])
async def test_an_object_is_seen_in_the_version_that_a_rule_names(policy: str, expected: bool) -> None:
    event = {
        "metadata": {"name": "x", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
        "reason": "Tested",
        "message": "m",
        "type": "Normal",
    }
    expression = (
        "object.apiVersion == 'events.k8s.io/v1' && object.regarding.name != 'web' && request.kind.group == "
        "'events.k8s.io' && request.requestKind.group == '' && request.resource.group == 'events.k8s.io'"
    )
    async with serving() as client:
        rules = (rule("events", group="events.k8s.io", version="v1"),)
        await validate(client, expression, rules=rules, constraints={"matchPolicy": policy})

        assert await is_refused(client, event, EVENTS) is expected


async def test_a_policy_that_no_request_matches_leaves_no_trace_on_others() -> None:
    async with serving() as client:
        await validate(client, "false", rules=(rule("secrets"),))

        await config_maps(client).create(config_map())
        assert await is_refused(client, labelled(), SECRETS)
