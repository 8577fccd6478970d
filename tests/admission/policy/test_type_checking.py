import asyncio
from typing import Any

from tests.admission.policy.serving import VALIDATING, rule, serving, validate

from steersman.client import Client


async def checked(client: Client, name: str = "policy", generation: int = 1) -> Any:
    """The status of a policy, once its types have been checked."""
    async with asyncio.timeout(10), client.resource(VALIDATING).watch() as watch:
        async for event in watch:
            status = event.object.get("status") or {}
            if event.object["metadata"]["name"] == name and status.get("observedGeneration") == generation:
                return status
    raise AssertionError("the watch ended")


async def test_types_are_checked_against_the_schemas_of_built_in_kinds() -> None:
    async with serving() as client:
        await validate(
            client,
            {"expression": "object.replicas > 1", "messageExpression": "'wanted ' + object.spec.replicas"},
            {"expression": "object.spec.replicas > 1 && object.spec.template.spec.containers.all(c, c.name != '')"},
            rules=(rule("deployments", group="apps", version="v1"),),
        )

        status = await checked(client)

    assert status["typeChecking"]["expressionWarnings"] == [
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
