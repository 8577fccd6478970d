"""What the server makes of itself at its first start, which nobody validates then."""

from typing import Any

import pytest

from steersman.client import ALL_NAMESPACES, Client
from steersman.controlplane import ControlPlane

KINDS = ("clusterroles", "clusterrolebindings", "roles", "rolebindings")


@pytest.mark.parametrize("version", ["1.8", "1.20", "1.37"])
async def test_bootstrap_objects_are_as_if_somebody_had_created_them(version: str) -> None:
    async with ControlPlane(version=version) as control_plane, Client(control_plane.client_config()) as client:
        for kind in KINDS:
            objects = await client.dynamic(f"{kind}.rbac.authorization.k8s.io")
            made = [obj async for obj in objects.list(namespace=ALL_NAMESPACES)]
            assert made
            for obj in made:
                name = {**obj["metadata"], "name": f"{obj['metadata']['name']}-again"}
                again = await objects.create({**obj, "metadata": {**name, "resourceVersion": ""}}, dry_run=True)
                assert _without_identity(again) == _without_identity(obj)


def _without_identity(obj: dict[str, Any]) -> dict[str, Any]:
    given = ("name", "uid", "resourceVersion", "creationTimestamp")
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key not in given}}
