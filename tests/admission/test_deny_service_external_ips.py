from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client.kinds import core_v1

PLUGIN = "DenyServiceExternalIPs"
REFUSED = 'services "web" is forbidden: Use of external IPs is denied by admission control'


def service(*addresses: str) -> Any:
    return {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "externalIPs": list(addresses)}}


async def test_a_service_without_external_addresses_passes() -> None:
    async with serving(PLUGIN) as client:
        await client.resource(core_v1.SERVICES).create(service())


async def test_one_with_them_is_refused() -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(core_v1.SERVICES).create(service("192.0.2.1")))

    assert (refused.code, refused.message) == (403, REFUSED)


@pytest.mark.parametrize(
    ("addresses", "passes"),
    [(["192.0.2.1", "192.0.2.2"], True), (["192.0.2.2"], True), ([], True), (["192.0.2.2", "192.0.2.3"], False)],
)
async def test_one_that_has_some_may_keep_them(tmp_path: Path, addresses: list[str], passes: bool) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await client.resource(core_v1.SERVICES).create(service("192.0.2.1", "192.0.2.2"))
    async with serving(PLUGIN, store=store) as client:
        patch = client.resource(core_v1.SERVICES).patch("web", {"spec": {"externalIPs": addresses}})

        if passes:
            assert (await patch)["spec"].get("externalIPs", []) == addresses
        else:
            assert (await refusal(patch)).message == REFUSED
