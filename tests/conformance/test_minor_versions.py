"""Each minor version from 1.7 to 1.37 is itself: what it serves, what its objects have, what its clients see.

The tables say from which minor to which (37: still there). They are written by hand, to check the
catalog that the server reads rather than to repeat it.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.asgi_client import AsgiClient, token_file
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

from steersman.controlplane import ControlPlane

MINORS = range(7, 38)

GROUP_VERSIONS = {
    "v1": (7, 37),
    "admissionregistration.k8s.io/v1beta1": (9, 21),
    "admissionregistration.k8s.io/v1": (16, 37),
    "apiextensions.k8s.io/v1beta1": (7, 21),
    "apiextensions.k8s.io/v1": (16, 37),
    "apiregistration.k8s.io/v1": (10, 37),
    "apps/v1beta1": (7, 15),
    "apps/v1beta2": (8, 15),
    "apps/v1": (9, 37),
    "autoscaling/v1": (7, 37),
    "autoscaling/v2beta1": (8, 24),
    "autoscaling/v2beta2": (12, 25),
    "autoscaling/v2": (23, 37),
    "batch/v1": (7, 37),
    "batch/v1beta1": (8, 24),
    "certificates.k8s.io/v1beta1": (7, 21),
    "certificates.k8s.io/v1": (19, 37),
    "coordination.k8s.io/v1beta1": (12, 21),
    "coordination.k8s.io/v1": (14, 37),
    "discovery.k8s.io/v1beta1": (17, 24),
    "discovery.k8s.io/v1": (21, 37),
    "events.k8s.io/v1beta1": (9, 24),
    "events.k8s.io/v1": (19, 37),
    "extensions/v1beta1": (7, 21),
    "flowcontrol.apiserver.k8s.io/v1beta1": (20, 25),
    "flowcontrol.apiserver.k8s.io/v1beta2": (23, 28),
    "flowcontrol.apiserver.k8s.io/v1beta3": (26, 31),
    "flowcontrol.apiserver.k8s.io/v1": (29, 37),
    "networking.k8s.io/v1": (7, 37),
    "networking.k8s.io/v1beta1": (14, 21),
    "node.k8s.io/v1beta1": (14, 24),
    "node.k8s.io/v1": (20, 37),
    "policy/v1beta1": (7, 24),
    "policy/v1": (21, 37),
    "rbac.authorization.k8s.io/v1beta1": (7, 21),
    "rbac.authorization.k8s.io/v1": (8, 37),
    "resource.k8s.io/v1": (34, 37),
    "scheduling.k8s.io/v1beta1": (11, 21),
    "scheduling.k8s.io/v1": (14, 37),
    "storage.k8s.io/v1": (7, 37),
    "storage.k8s.io/v1beta1": (7, 26),
}
RESOURCES = {
    ("v1", "pods"): (7, 37),
    ("admissionregistration.k8s.io/v1", "validatingadmissionpolicies"): (30, 37),
    ("apps/v1", "deployments"): (9, 37),
    ("apps/v1beta1", "statefulsets"): (7, 15),
    ("batch/v1", "cronjobs"): (21, 37),
    ("batch/v1", "jobs"): (7, 37),
    ("batch/v1beta1", "cronjobs"): (8, 24),
    ("extensions/v1beta1", "deployments"): (7, 15),
    ("extensions/v1beta1", "ingresses"): (7, 21),
    ("extensions/v1beta1", "podsecuritypolicies"): (7, 15),
    ("networking.k8s.io/v1", "ingresses"): (19, 37),
    ("networking.k8s.io/v1", "networkpolicies"): (7, 37),
    ("networking.k8s.io/v1", "servicecidrs"): (33, 37),
    ("policy/v1", "poddisruptionbudgets"): (21, 37),
    ("policy/v1beta1", "podsecuritypolicies"): (10, 24),
    ("storage.k8s.io/v1", "csidrivers"): (18, 37),
    ("storage.k8s.io/v1", "volumeattachments"): (13, 37),
}
FIELDS = {
    ("apimachinery.pkg.apis.meta.v1.ObjectMeta", "clusterName"): (7, 24),
    ("apimachinery.pkg.apis.meta.v1.ObjectMeta", "initializers"): (7, 15),
    ("apimachinery.pkg.apis.meta.v1.ObjectMeta", "managedFields"): (14, 37),
    ("api.core.v1.ConfigMap", "binaryData"): (10, 37),
    ("api.core.v1.ConfigMap", "immutable"): (18, 37),
    ("api.core.v1.Container", "resizePolicy"): (27, 37),
    ("api.core.v1.Container", "startupProbe"): (16, 37),
    ("api.core.v1.PodSpec", "os"): (23, 37),
    ("api.core.v1.PodSpec", "schedulingGates"): (26, 37),
    ("api.core.v1.PodSpec", "topologySpreadConstraints"): (16, 37),
    ("api.core.v1.ServiceSpec", "ipFamilies"): (20, 37),
    ("api.core.v1.ServiceSpec", "topologyKeys"): (17, 21),
    ("api.batch.v1.JobSpec", "backoffLimit"): (8, 37),
    ("api.batch.v1.JobSpec", "suspend"): (21, 37),
}
DEPLOYMENT_VERSIONS = {
    "apps/v1": (9, 37),
    "apps/v1beta2": (8, 15),
    "apps/v1beta1": (7, 15),
    "extensions/v1beta1": (7, 15),
}


def known(table: Mapping[Any, tuple[int, int]], minor: int) -> set[Any]:
    return {fact for fact, (first, last) in table.items() if first <= minor <= last}


def deployment(api_version: str, name: str = "web") -> dict[str, Any]:
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "nginx:1"}]}
    return {
        "apiVersion": api_version,
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


async def served_group_versions(client: AsgiClient) -> set[str]:
    groups = (await client.get("/apis"))["groups"]
    return {"v1"} | {version["groupVersion"] for group in groups for version in group["versions"]}


async def served_resources(client: AsgiClient, group_version: str) -> set[tuple[str, str]]:
    base = "/api" if group_version == "v1" else "/apis"
    status, listed = await client.request("GET", f"{base}/{group_version}")
    return {(group_version, one["name"]) for one in listed["resources"]} if status == 200 else set()


@pytest.mark.parametrize("minor", MINORS, ids=lambda minor: f"1.{minor}")
async def test_a_minor_version_is_itself(minor: int, tmp_path: Path) -> None:
    async with ControlPlane(version=f"1.{minor}", token_auth_file=token_file(tmp_path)) as control_plane:
        client = AsgiClient(control_plane)
        told = await client.get("/version")
        group_versions = await served_group_versions(client)
        asked = sorted({group_version for group_version, _ in RESOURCES})
        resources = set().union(*[await served_resources(client, one) for one in asked])
        definitions = (await client.get("/openapi/v2"))["definitions"]
        views = await through_its_versions(client, sorted(known(DEPLOYMENT_VERSIONS, minor)))

    assert (told["major"], told["minor"]) == ("1", str(minor))
    assert told["gitVersion"].startswith(f"v1.{minor}.")
    assert group_versions & GROUP_VERSIONS.keys() == known(GROUP_VERSIONS, minor)
    assert resources & RESOURCES.keys() == known(RESOURCES, minor)
    fields = {(kind, field) for kind, field in FIELDS if field in definitions[f"io.k8s.{kind}"]["properties"]}
    assert fields == known(FIELDS, minor)
    assert all(one == views[0] for one in views)


async def through_its_versions(client: AsgiClient, api_versions: list[str]) -> list[dict[str, Any]]:
    """Create one Deployment through the first version, change it through each; how all of them see it, less their
    apiVersion."""
    paths = {one: f"/apis/{one}/namespaces/default/deployments" for one in api_versions}
    first = api_versions[0]
    status, made = await client.request("POST", paths[first], deployment(first))
    assert status == 201, made
    for replicas, path in enumerate(paths.values(), 2):
        patch = {"spec": {"replicas": replicas}}
        status, made = await client.request("PATCH", f"{path}/web", patch, "application/merge-patch+json")
        assert (status, made["spec"]["replicas"]) == (200, replicas), made
    views = [await client.get(f"{path}/web") for path in paths.values()]
    assert [view.pop("apiVersion") for view in views] == api_versions
    return views


@pytest.mark.parametrize("minor", [7, 20, 37], ids=lambda minor: f"1.{minor}")
def test_the_server_process_is_the_minor_it_is_told(minor: int, new_server: Callable[..., ServerProcess]) -> None:
    server = new_server(f"--emulated-version=1.{minor}", "--store=memory:")
    kubectl = Kubectl(bundled_kubectl(), server)
    api_version = "apps/v1" if minor >= 9 else "apps/v1beta1"

    told = json.loads(kubectl("version", "-o", "json"))
    kubectl("apply", "-f", "-", stdin=json.dumps(deployment(api_version)))

    assert (told["serverVersion"]["major"], told["serverVersion"]["minor"]) == ("1", str(minor))
    assert api_version in kubectl("api-versions").split()
    assert kubectl("get", "deployment", "web", "-o", "jsonpath={.apiVersion}") == api_version
