from typing import Any

from steersman.admission.selection import AdmissionOptions
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.kinds import core_v1
from steersman.client.wait import exists, wait_for
from steersman.controlplane import ControlPlane

CHAINS = ApiResource("admission.steersman.dev", "v1", "admissionchains", "AdmissionChain", False, DICTS)
SECONDS = 30


async def test_one_that_is_deleted_comes_again() -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        namespaces = client.resource(core_v1.NAMESPACES)
        first = await namespaces.get("kube-node-lease")

        await namespaces.delete("kube-node-lease")

        def is_another(found: Any) -> Any:
            return found["metadata"]["uid"] != first["metadata"]["uid"]

        await wait_for(namespaces, "kube-node-lease", is_another, timeout=SECONDS)


async def test_what_admission_refused_comes_once_it_is_admitted() -> None:
    admission = AdmissionOptions(control=("AlwaysDeny",))
    async with ControlPlane(admission=admission) as server, Client(server.client_config()) as client:
        namespaces = client.resource(core_v1.NAMESPACES)
        assert [one async for one in namespaces.list()] == []

        await client.resource(CHAINS).patch("default", {"spec": {"plugins": []}})

        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            await wait_for(namespaces, name, exists(), timeout=SECONDS)
