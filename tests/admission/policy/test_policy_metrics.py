"""What the policy plugins count."""

import re

import pytest
from tests.admission.policy.serving import apply_configuration, config_map, config_maps, json_patch, mutate, validate

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.controlplane import ControlPlane


async def counted(client: Client, family: str) -> dict[tuple[str, ...], float]:
    """The values of a family on the page, by the values of its labels."""
    page = (await client.rest.request("GET", "/metrics", query={})).body.decode()
    rows = re.findall(rf"^{family}{{(.*)}} (\S+)$", page, re.MULTILINE)
    return {tuple(re.findall(r'="([^"]*)"', labels)): float(value) for labels, value in rows}


async def test_failed_validations_are_counted_by_what_comes_of_them() -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        await validate(client, "false", "true", name="denies")
        await validate(client, "false", name="warns", actions=("Warn", "Audit"))
        await validate(client, "object.data.gone == ''", name="fails", failurePolicy="Ignore")
        with pytest.raises(ApiError):
            await config_maps(client).create(config_map(a="1"))

        checks = await counted(client, "apiserver_validating_admission_policy_check_total")
        durations = await counted(client, "apiserver_validating_admission_policy_check_duration_seconds_count")

    named = {frozenset(row): value for row, value in checks.items()}
    assert named == {
        frozenset(("denies", "denies-binding", "invalid_error", "deny")): 1,
        frozenset(("warns", "warns-binding", "invalid_error", "warn")): 1,
        frozenset(("warns", "warns-binding", "invalid_error", "audit")): 1,
        frozenset(("fails", "fails-binding", "invalid_error", "allow")): 1,
    }
    assert sum(durations.values()) == 4


async def test_mutations_are_counted_by_their_error() -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        await mutate(client, apply_configuration("Object{data: {'a': '1'}}"), name="good")
        await mutate(client, json_patch("[JSONPatch{op: 'remove', path: '/gone'}]"), name="bad", failurePolicy="Ignore")
        await config_maps(client).create(config_map())

        checks = await counted(client, "apiserver_mutating_admission_policy_check_total")

    assert {frozenset(row): value for row, value in checks.items()} == {
        frozenset(("good", "good-binding", "no_error")): 1,
        frozenset(("bad", "bad-binding", "invalid_error")): 1,
    }
