"""PATCH: JSON patch, merge patch, and strategic merge patch for built-in kinds."""

from typing import Any

import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    THINGS,
    Client,
    causes,
    config_map,
    deployment,
    failure,
    thing,
)

A = f"{CONFIG_MAPS}/a"


async def test_merge_patch(stored: Client) -> None:
    await stored.made(CONFIG_MAPS, config_map("a", x="1", y="2"))

    assert (await stored.patch(A, {"data": {"x": None, "z": "3"}})).body["data"] == {"y": "2", "z": "3"}


async def test_json_patch(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a", x="1"))
    patch = [{"op": "test", "path": "/data/x", "value": "1"}, {"op": "move", "from": "/data/x", "path": "/data/y"}]

    assert (await api.patch(A, patch, "json")).body["data"] == {"y": "1"}


async def test_strategic_merge_patch_merges_lists_by_key(api: Client) -> None:
    await api.made(DEPLOYMENTS, deployment())
    containers = [{"name": "side", "image": "envoy:1"}]

    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    reply = await api.patch(f"{DEPLOYMENTS}/web", patch, "strategic-merge")

    assert {one["name"] for one in reply.body["spec"]["template"]["spec"]["containers"]} == {"main", "side"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [(A, "unknown"), (f"{THINGS}/a", "strategic-merge")],
)
async def test_patches_that_a_kind_does_not_take(things: Client, path: str, kind: str) -> None:
    code, reason, message = failure(await things.patch(path, {}, kind))

    assert (code, reason) == (415, "UnsupportedMediaType")
    assert message.startswith("the body of the request was in an unknown format - accepted media types include: ")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{", "merge", 400),
        (b"[]", "merge", 400),
        (b"3", "strategic-merge", 400),
        (b"{}", "json", 400),
        (b'[{"op":"fly","path":"/x"}]', "json", 400),
        (b'[{"op":"remove","path":"/data/none"}]', "json", 422),
        (b'[{"op":"test","path":"/data/x","value":"2"}]', "json", 422),
        (b'[{"op":"replace","path":"","value":3}]', "json", 400),
        (b'[{"op":"remove","path":"/metadata"}]', "json", 400),
        (b'{"metadata":null}', "merge", 400),
    ],
)
async def test_patches_that_cannot_be_applied(api: Client, body: bytes, kind: str, code: int) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a", x="1"))

    assert failure(await api.patch(A, body, kind))[0] == code
    assert (await api.get(A)).body == made


async def test_a_wrong_type_is_an_invalid_patch(api: Client) -> None:
    await api.made(DEPLOYMENTS, deployment())

    reply = await api.patch(f"{DEPLOYMENTS}/web", {"spec": {"replicas": "many"}})

    assert failure(reply)[:2] == (422, "Invalid")
    [(field, message)] = causes(reply)
    assert field == "patch"
    assert message.endswith(
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    )


@pytest.mark.parametrize(
    ("patch", "refusal"),
    [
        ({"metadata": {"name": "b"}}, (400, "BadRequest")),
        ({"metadata": {"namespace": "b"}}, (400, "BadRequest")),
        ({"apiVersion": "v2"}, (400, "BadRequest")),
        ({"kind": "Secret"}, (400, "BadRequest")),
        ({"metadata": {"uid": "b"}}, (422, "Invalid")),
        ({"metadata": {"resourceVersion": "1"}}, (409, "Conflict")),
    ],
)
async def test_a_patch_does_not_change_what_an_object_is(
    api: Client, patch: dict[str, Any], refusal: tuple[int, str]
) -> None:
    await api.made(CONFIG_MAPS, config_map("a"))

    assert failure(await api.patch(A, patch))[:2] == refusal


async def test_a_patch_may_demand_a_state(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a"))
    patch = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"x": "1"}}

    assert (await api.patch(A, patch)).status == 200
    assert failure(await api.patch(A, patch))[:2] == (409, "Conflict")


async def test_a_patch_of_a_missing_object(api: Client) -> None:
    assert failure(await api.patch(A, {})) == (404, "NotFound", 'configmaps "a" not found')


async def test_a_patch_that_changes_nothing_writes_nothing(api: Client) -> None:
    made = await api.made(CONFIG_MAPS, config_map("a", x="1"))

    assert (await api.patch(A, {"data": {"x": "1"}})).body == made


async def test_force_is_for_apply(api: Client) -> None:
    reply = await api.patch(A, {}, force="true")

    assert causes(reply) == [("force", "Forbidden: may not be specified for non-apply patch")]


async def test_a_dry_run_shows_what_would_be(things: Client) -> None:
    made = await things.made(THINGS, thing(size=1))

    assert (await things.patch(f"{THINGS}/a", {"spec": {"size": 2}}, dryRun="All")).body["spec"] == {"size": 2}
    assert (await things.get(f"{THINGS}/a")).body == made
