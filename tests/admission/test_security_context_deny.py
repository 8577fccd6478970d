from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.client.kinds import core_v1

PLUGIN = "SecurityContextDeny"
LABEL = {"level": "s0"}


def contained(kind: str = "containers", **security_context: Any) -> Any:
    container = {"name": "other", "image": "nginx:1", "securityContext": security_context}
    return {kind: [container]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"securityContext": {"supplementalGroups": [1]}}, "pod.Spec.SecurityContext.SupplementalGroups is forbidden"),
        ({"securityContext": {"seLinuxOptions": LABEL}}, "pod.Spec.SecurityContext.SELinuxOptions is forbidden"),
        ({"securityContext": {"runAsUser": 0}}, "pod.Spec.SecurityContext.RunAsUser is forbidden"),
        ({"securityContext": {"fsGroup": 1}}, "pod.Spec.SecurityContext.FSGroup is forbidden"),
        (contained(seLinuxOptions=LABEL), "SecurityContext.SELinuxOptions is forbidden"),
        (contained(runAsUser=1), "SecurityContext.RunAsUser is forbidden"),
        (contained("initContainers", runAsUser=1), "SecurityContext.RunAsUser is forbidden"),
    ],
)
async def test_a_pod_that_says_as_whom_it_runs_is_refused(spec: Any, message: str) -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(client.resource(core_v1.PODS).create(pod(**spec)))

    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {message}')


@pytest.mark.parametrize(
    "spec",
    [{}, {"securityContext": {}}, {"securityContext": {"runAsNonRoot": True}}, contained(privileged=True)],
)
async def test_what_says_something_else_passes(spec: Any) -> None:
    async with serving(PLUGIN) as client:
        await client.resource(core_v1.PODS).create(pod(**spec))


async def test_other_kinds_with_templates_are_left_alone() -> None:
    template: Any = {"metadata": {"name": "x"}, "template": {"spec": pod(securityContext={"runAsUser": 1})["spec"]}}
    async with serving(PLUGIN) as client:
        created: Any = await client.resource(core_v1.POD_TEMPLATES).create(template)

    assert created["template"]["spec"]["securityContext"] == {"runAsUser": 1}


async def test_an_update_is_refused_like_a_create(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await client.resource(core_v1.PODS).create(pod(securityContext={"runAsUser": 1}))
    async with serving(PLUGIN, store=store) as client:
        pods = client.resource(core_v1.PODS)
        refused = await refusal(pods.patch("web", {"metadata": {"labels": {"a": "b"}}}))
        await pods.patch("web", {"status": {"message": "x"}}, subresource="status")

    assert refused.message == 'pods "web" is forbidden: pod.Spec.SecurityContext.RunAsUser is forbidden'


async def test_an_ephemeral_container_is_looked_at_too() -> None:
    async with serving("SecurityContextDeny") as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(pod())
        root = {"name": "debug", "image": "busybox", "securityContext": {"runAsUser": 0}}
        patch = {"spec": {"ephemeralContainers": [root]}}

        refused = await refusal(pods.patch("web", patch, subresource="ephemeralcontainers"))

    assert (refused.code, refused.message) == (
        403,
        'pods "web" is forbidden: SecurityContext.RunAsUser is forbidden',
    )
