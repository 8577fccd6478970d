"""``--runtime-config`` and ``--profile``: what they turn on is served and works, what they turn off is gone."""

from pathlib import Path
from typing import Any

import pytest
from tests.conformance.asgi_client import AsgiClient, token_file

from steersman.controlplane import ControlPlane

OURS = "admission.steersman.dev/v1"
"""No version of Kubernetes has it: the flag has no say in it."""
LABELS = {"app": "web"}
DEPLOYMENT = {
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}},
    },
}
POD_PRESET = {
    "metadata": {"name": "web"},
    "spec": {"selector": {"matchLabels": LABELS}, "env": [{"name": "MODE", "value": "test"}]},
}
ADMISSION_POLICY = {
    "metadata": {"name": "web"},
    "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
            ]
        },
        "validations": [{"expression": "object.spec.replicas < 5"}],
    },
}
TURNED_ON = [
    ("1.37", "apps/v1beta1", "Deployment", "namespaces/default/deployments", DEPLOYMENT),
    ("1.37", "extensions/v1beta1", "Deployment", "namespaces/default/deployments", DEPLOYMENT),
    ("1.37", "settings.k8s.io/v1alpha1", "PodPreset", "namespaces/default/podpresets", POD_PRESET),
    ("1.19", "settings.k8s.io/v1alpha1", "PodPreset", "namespaces/default/podpresets", POD_PRESET),
    (
        "1.37",
        "admissionregistration.k8s.io/v1alpha1",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        ADMISSION_POLICY,
    ),
]


async def group_versions(client: AsgiClient) -> set[str]:
    core = (await client.get("/api"))["versions"]
    groups = (await client.get("/apis"))["groups"]
    return {*core, *(version["groupVersion"] for group in groups for version in group["versions"])}


async def resources(client: AsgiClient, group_version: str) -> set[str]:
    base = "/api" if "/" not in group_version else "/apis"
    return {one["name"] for one in (await client.get(f"{base}/{group_version}"))["resources"]}


def has(value: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; defaults may have been added."""
    match wanted:
        case dict():
            return all(key in value and has(value[key], one) for key, one in wanted.items())
        case list():
            return len(value) == len(wanted) and all(map(has, value, wanted))
    return bool(value == wanted)


@pytest.mark.parametrize(("version", "group_version", "kind", "path", "body"), TURNED_ON)
async def test_a_version_turned_on_is_served_and_works(
    tmp_path: Path, version: str, group_version: str, kind: str, path: str, body: dict[str, Any]
) -> None:
    typed = {"apiVersion": group_version, "kind": kind} | body
    async with ControlPlane(
        version=version, runtime_config=f"{group_version}=true", token_auth_file=token_file(tmp_path)
    ) as control_plane:
        client = AsgiClient(control_plane)
        assert group_version in await group_versions(client)
        status, made = await client.request("POST", f"/apis/{group_version}/{path}", typed)
        assert status == 201, made
        got = await client.get(f"/apis/{group_version}/{path}/web")

    assert (got["apiVersion"], got["kind"]) == (group_version, kind)
    assert has(got["spec"], body["spec"])


@pytest.mark.parametrize("group_version", sorted({row[1] for row in TURNED_ON}))
async def test_it_is_not_served_unless_turned_on(tmp_path: Path, group_version: str) -> None:
    async with ControlPlane(token_auth_file=token_file(tmp_path)) as control_plane:
        status, answer = await AsgiClient(control_plane).request("GET", f"/apis/{group_version}")
    assert (status, answer["reason"]) == (404, "NotFound")


async def test_all_is_off_but_for_exceptions(tmp_path: Path) -> None:
    config = "api/all=false,api/v1=true,apps/v1=true,apiextensions.k8s.io/v1=true"
    async with ControlPlane(runtime_config=config, token_auth_file=token_file(tmp_path)) as control_plane:
        client = AsgiClient(control_plane)
        served = await group_versions(client)
        assert await client.get("/api/v1/namespaces/default")
        assert (await client.request("GET", "/apis/batch/v1/jobs"))[0] == 404

    assert served == {"v1", "apps/v1", "apiextensions.k8s.io/v1", OURS}


async def test_everything_off_still_starts(tmp_path: Path) -> None:
    async with ControlPlane(runtime_config="api/all=false", token_auth_file=token_file(tmp_path)) as control_plane:
        client = AsgiClient(control_plane)
        groups = await client.get("/apis")
        assert [group["preferredVersion"]["groupVersion"] for group in groups["groups"]] == [OURS]
        assert (await client.request("GET", "/api/v1/namespaces"))[0] == 404


async def test_single_resources_are_turned_off(tmp_path: Path) -> None:
    config = "apps/v1/daemonsets=false,batch/v1/cronjobs=false"
    async with ControlPlane(runtime_config=config, token_auth_file=token_file(tmp_path)) as control_plane:
        client = AsgiClient(control_plane)
        apps, batch = await resources(client, "apps/v1"), await resources(client, "batch/v1")
        status, _ = await client.request("GET", "/apis/apps/v1/namespaces/default/daemonsets")

    assert status == 404
    assert {"deployments", "deployments/scale"} <= apps
    assert not {"daemonsets", "daemonsets/status"} & apps
    assert {one.partition("/")[0] for one in batch} == {"jobs"}


async def test_a_single_resource_is_turned_on(tmp_path: Path) -> None:
    config = "extensions/v1beta1/ingresses=true"
    async with ControlPlane(runtime_config=config, token_auth_file=token_file(tmp_path)) as control_plane:
        served = await resources(AsgiClient(control_plane), "extensions/v1beta1")
    assert {one.partition("/")[0] for one in served} == {"ingresses"}


async def test_what_an_old_version_wrote_is_seen_through_the_new_one(tmp_path: Path) -> None:
    async with ControlPlane(runtime_config="apps/v1beta1=true", token_auth_file=token_file(tmp_path)) as control_plane:
        client = AsgiClient(control_plane)
        old = {"apiVersion": "apps/v1beta1", "kind": "Deployment"} | DEPLOYMENT
        status, made = await client.request("POST", "/apis/apps/v1beta1/namespaces/default/deployments", old)
        seen = await client.get("/apis/apps/v1/namespaces/default/deployments/web")

    assert status == 201
    assert seen.pop("apiVersion") == "apps/v1"
    assert made.pop("apiVersion") == "apps/v1beta1"
    assert seen == made


async def test_the_crd_only_profile_has_nothing_about_containers(tmp_path: Path) -> None:
    async with ControlPlane(profile="crd-only", token_auth_file=token_file(tmp_path)) as control_plane:
        client = AsgiClient(control_plane)
        served = await group_versions(client)
        core = {one.partition("/")[0] for one in await resources(client, "v1")}
        definitions = (await client.get("/openapi/v2"))["definitions"]
        pods, _ = await client.request("GET", "/api/v1/namespaces/default/pods")

    assert core == {"configmaps", "events", "namespaces", "secrets", "serviceaccounts"}
    assert pods == 404
    assert {"apiextensions.k8s.io/v1", "coordination.k8s.io/v1", "rbac.authorization.k8s.io/v1"} <= served
    assert not {group_version.partition("/")[0] for group_version in served} & {
        "apps",
        "batch",
        "autoscaling",
        "policy",
    }
    assert "io.k8s.api.core.v1.PodSpec" not in definitions
