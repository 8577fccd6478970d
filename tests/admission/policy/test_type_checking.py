"""Warnings in the status of ValidatingAdmissionPolicies."""

import asyncio
from typing import Any

import pytest
from tests.admission.policy.serving import VALIDATING, define_limits, rule, serving, validate

from steersman.client import Client

DEPLOYMENTS_RULE = rule("deployments", group="apps", version="v1")


async def checked(client: Client, name: str = "policy", generation: int = 1) -> Any:
    """The status of a policy, once its types have been checked."""
    async with asyncio.timeout(10), client.resource(VALIDATING).watch() as watch:
        async for event in watch:
            status = event.object.get("status") or {}
            if event.object["metadata"]["name"] == name and status.get("observedGeneration") == generation:
                return status
    raise AssertionError("the watch ended")


async def warnings_of(client: Client) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await checked(client))["typeChecking"].get("expressionWarnings") or []
    return found


async def test_types_are_checked_against_the_schemas_of_built_in_kinds() -> None:
    async with serving() as client:
        await validate(
            client,
            {"expression": "object.replicas > 1", "messageExpression": "'wanted ' + object.spec.replicas"},
            {"expression": "object.spec.replicas > 1 && object.spec.template.spec.containers.all(c, c.name != '')"},
            rules=(DEPLOYMENTS_RULE,),
        )

        found = await warnings_of(client)

    assert found == [
        {
            "fieldRef": "spec.validations[0].expression",
            "warning": "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n"
            " | object.replicas > 1\n | ......^\n",
        },
        {
            "fieldRef": "spec.validations[0].messageExpression",
            "warning": "apps/v1, Kind=Deployment: ERROR: <input>:1:11: found no matching overload for '_+_' applied to "
            "'(string, int)'\n | 'wanted ' + object.spec.replicas\n | ..........^\n",
        },
    ]


async def test_every_kind_has_its_own_warning_in_the_order_of_their_names() -> None:
    rules = (rule("pods", version="v1"), rule("deployments", group="apps", version="v1"), rule(version="v1"))
    async with serving() as client:
        await validate(client, "object.data.size() > 0", rules=rules)

        (warning,) = await warnings_of(client)

    shown = "ERROR: <input>:1:7: undefined field 'data'\n | object.data.size() > 0\n | ......^\n"
    assert warning["warning"] == f"/v1, Kind=Pod: {shown}\napps/v1, Kind=Deployment: {shown}"


async def test_custom_resources_have_types_too() -> None:
    async with serving() as client:
        await define_limits(client)
        await validate(
            client,
            "object.max > 1 && object.metadata.name != ''",
            "object.names.all(name, name > 1)",
            "object.min > 1",
            rules=(rule("limits", group="example.com", version="v1"),),
        )

        found = await warnings_of(client)

    assert [warning["fieldRef"] for warning in found] == [
        "spec.validations[1].expression",
        "spec.validations[2].expression",
    ]
    assert "applied to '(string, int)'" in found[0]["warning"]


async def test_parameters_and_variables_have_types() -> None:
    async with serving() as client:
        await validate(
            client,
            "params.date == ''",
            "variables.replicas == 'many'",
            "params.data.a == '' && variables.replicas == 1",
            rules=(DEPLOYMENTS_RULE,),
            paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
            variables=[{"name": "replicas", "expression": "object.spec.replicas"}],
        )

        found = await warnings_of(client)

    assert [warning["fieldRef"] for warning in found] == [
        "spec.validations[0].expression",
        "spec.validations[1].expression",
    ]


@pytest.mark.parametrize(
    "of",
    [
        rule("*", group="apps", version="v1"),
        rule("deployments", group="*", version="v1"),
        rule("deployments", group="apps", version="*"),
        rule("deployments/scale", group="apps", version="v1"),
        rule("widgets", group="example.com", version="v1"),
    ],
    ids=["resources", "groups", "versions", "subresources", "unknown"],
)
async def test_what_is_not_named_exactly_is_not_checked(of: dict[str, Any]) -> None:
    async with serving() as client:
        await validate(client, "object.nothing == 1", rules=(of,))

        assert await warnings_of(client) == []


async def test_a_new_generation_is_checked_again_and_conditions_stay() -> None:
    condition = {
        "type": "Reviewed",
        "status": "True",
        "reason": "Done",
        "message": "",
        "lastTransitionTime": "2024-01-01T00:00:00Z",
    }
    async with serving() as client:
        policies = client.resource(VALIDATING)
        await validate(client, "object.replicas > 1", rules=(DEPLOYMENTS_RULE,))
        assert len(await warnings_of(client)) == 1
        await policies.patch("policy", {"status": {"conditions": [condition]}}, subresource="status")
        await policies.patch("policy", {"spec": {"validations": [{"expression": "object.spec.replicas > 1"}]}})

        status = await checked(client, generation=2)

    assert status == {"observedGeneration": 2, "typeChecking": {}, "conditions": [condition]}
