"""Authorization modes, and the webhook that decides, over real HTTP."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.apiserver.api_client import Client, failure
from tests.apiserver.authorization.people import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    PODS,
    binding,
    can,
    eventually,
    person,
    role,
    rule,
)
from tests.controlplane.review_server import Review, review_server, write_kubeconfig

from steersman.apiserver.authorization.webhook import WebhookOptions
from steersman.controlplane import ControlPlane
from steersman.controlplane.authorization import AuthorizationOptions

NO_CACHE = WebhookOptions("v1", 0, 0)


@pytest.mark.parametrize(
    ("modes", "allowed", "reason"),
    [
        (("AlwaysAllow",), True, ""),
        (("AlwaysDeny",), False, ": Everything is forbidden."),
        (("RBAC",), False, ""),
        (("Node", "RBAC"), False, ""),
        (("AlwaysDeny", "AlwaysAllow"), True, ""),
    ],
)
async def test_modes(modes: Sequence[str], allowed: bool, reason: str) -> None:
    async with ControlPlane(store="memory:", authorization=AuthorizationOptions(modes)) as plane:
        reply = await person(plane, "jane").get(PODS)

        assert (reply.status == 200) is allowed
        assert allowed or failure(reply)[2].endswith(f'in the namespace "default"{reason}')
        assert (await person(plane).get(PODS)).status == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modes": ()}, "at least one mode"),
        ({"modes": ("rbac",)}, "'rbac' is no authorization mode"),
        ({"modes": ("RBAC", "RBAC")}, "stands twice"),
        ({"modes": ("Webhook",)}, "need each other"),
        ({"webhook_config": Path("x")}, "need each other"),
        ({"webhook": WebhookOptions("v2")}, "'v2' is no version"),
    ],
)
def test_what_does_not_go_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AuthorizationOptions(**options)


def test_a_file_that_cannot_be_used_is_told_of(tmp_path: Path) -> None:
    options = AuthorizationOptions(("Webhook",), tmp_path / "missing")
    with pytest.raises(ValueError, match="missing"):
        ControlPlane(store="memory:", authorization=options)


async def listing(client: Client, **query: str) -> Any:
    reply = await client.get(PODS, **query)
    return 200 if reply.status == 200 else failure(reply)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"allowed": True}, 200),
        ({"allowed": False, "reason": "not on Sundays"}, ": not on Sundays"),
        ({"allowed": False, "denied": True, "reason": "never"}, ": never"),
        ({}, '"default"'),
        ("broken", '"default"'),
    ],
)
async def test_the_webhook_decides(tmp_path: Path, status: Any, expected: int | str) -> None:
    async with review_server(tmp_path, lambda _: status) as server:
        options = AuthorizationOptions(("Webhook",), server.kubeconfig, NO_CACHE)
        async with ControlPlane(store="memory:", authorization=options) as plane:
            found = await listing(person(plane, "jane", "dev"))

    if expected == 200:
        assert found == 200
    else:
        assert found[:2] == (403, "Forbidden")
        assert found[2].endswith(str(expected))


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_what_the_webhook_is_asked(tmp_path: Path, version: str) -> None:
    async with review_server(tmp_path, lambda _: {"allowed": True}) as server:
        options = AuthorizationOptions(("Webhook",), server.kubeconfig, WebhookOptions(version))
        async with ControlPlane(store="memory:", authorization=options) as plane:
            jane = person(plane, "jane", "dev")
            await jane.get(PODS, fieldSelector="spec.nodeName=n", labelSelector="a in (b,c),d")
            await jane.get("/metrics")

    listed, path = (review for review in server.asked)
    who = {"user": "jane", "group" if version == "v1beta1" else "groups": ["dev", "system:authenticated"]}
    selectors = {
        "fieldSelector": {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": ["n"]}]},
        "labelSelector": {
            "requirements": [
                {"key": "a", "operator": "In", "values": ["b", "c"]},
                {"key": "d", "operator": "Exists"},
            ]
        },
    }
    asked = {"namespace": "default", "verb": "list", "version": "v1", "resource": "pods"}
    assert (listed["apiVersion"], listed["kind"]) == (f"authorization.k8s.io/{version}", "SubjectAccessReview")
    assert listed["spec"] == {"resourceAttributes": asked | (selectors if version == "v1" else {}), **who}
    assert path["spec"] == {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}, **who}


async def test_answers_are_kept(tmp_path: Path) -> None:
    def answer(review: Review) -> Review:
        return {"allowed": review["spec"]["user"] == "jane"}

    async with review_server(tmp_path, answer) as server:
        for options, count in ((WebhookOptions("v1"), 2), (NO_CACHE, 6)):
            server.asked.clear()
            webhook = AuthorizationOptions(("Webhook",), server.kubeconfig, options)
            async with ControlPlane(store="memory:", authorization=webhook) as plane:
                for _ in range(3):
                    assert await listing(person(plane, "jane")) == 200
                    assert (await listing(person(plane, "joe")))[0] == 403
            assert len(server.asked) == count


@pytest.mark.parametrize("denies", [False, True])
@pytest.mark.parametrize("code", [403, 0])
async def test_when_the_webhook_fails(tmp_path: Path, denies: bool, code: int) -> None:
    async with review_server(tmp_path, lambda _: code) as server:
        kubeconfig = server.kubeconfig if code else write_kubeconfig(tmp_path, "http://127.0.0.1:1")
        webhook = WebhookOptions("v1", denies_on_failure=denies)
        options = AuthorizationOptions(("Webhook", "RBAC"), kubeconfig, webhook)
        async with ControlPlane(store="memory:", authorization=options) as plane:
            admin, jane = person(plane), person(plane, "jane")
            await admin.made(CLUSTER_ROLES, role("r", rule("list", "pods")))
            await admin.made(CLUSTER_ROLE_BINDINGS, binding("b", "r", "User:jane", kind="ClusterRole"))
            if not denies:

                async def listed() -> bool:
                    return bool(await listing(jane) == 200)

                await eventually(listed)
            code_, reason, message = failure(await jane.get("/api/v1/nodes"))
            review = await admin.made(
                "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                {"spec": {"user": "joe", "resourceAttributes": {"verb": "get", "resource": "pods"}}},
            )

    said = "the server answered 403" if code else "127.0.0.1:1"
    assert (code_, reason) == (500, "InternalError")
    assert said in message
    status = review["status"]
    assert (status["allowed"], status.get("denied", False)) == (False, denies)
    assert said in status["evaluationError"]


async def test_rules_are_incomplete_with_a_webhook(tmp_path: Path) -> None:
    async with review_server(tmp_path, lambda _: {"allowed": True}) as server:
        options = AuthorizationOptions(("Webhook", "RBAC"), server.kubeconfig)
        async with ControlPlane(store="memory:", authorization=options) as plane:
            path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
            review = await person(plane, "jane").made(path, {"spec": {"namespace": "default"}})

    assert review["status"]["incomplete"] is True
    assert review["status"]["evaluationError"] == "webhook authorizer does not support user rule resolution"
    assert any("selfsubjectreviews" in one["resources"] for one in review["status"]["resourceRules"])


async def test_another_control_plane_decides_over_tls(tmp_path: Path) -> None:
    async with ControlPlane(store="memory:", listen="127.0.0.1:0", data_dir=tmp_path / "a") as remote:
        assert remote.kubeconfig is not None
        config = yaml.safe_load(remote.kubeconfig.read_text())
        config["clusters"][0]["cluster"]["server"] += "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        kubeconfig = tmp_path / "webhook.kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(config))
        await person(remote).made(CLUSTER_ROLES, role("r", rule("list", "pods")))
        options = AuthorizationOptions(("Webhook",), kubeconfig, NO_CACHE)
        async with ControlPlane(store="memory:", authorization=options) as plane:
            jane = person(plane, "jane")
            assert not await can(jane, "GET", PODS)
            await person(remote).made(CLUSTER_ROLE_BINDINGS, binding("b", "r", "User:jane", kind="ClusterRole"))
            await eventually(lambda: can(jane, "GET", PODS))
