from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import Attributes
from steersman.client import Client
from steersman.client.kinds import core_v1
from steersman.controlplane import ControlPlane


@asynccontextmanager
async def serving(options: AdmissionOptions) -> AsyncIterator[Client]:
    async with ControlPlane(admission=options) as server, Client(server.client_config()) as client:
        yield client


POD: Any = {
    "metadata": {"name": "web"},
    "spec": {
        "initContainers": [{"name": "setup", "image": "private/setup:1", "imagePullPolicy": "Never"}],
        "containers": [{"name": "web", "image": "private/web:1", "imagePullPolicy": "IfNotPresent"}],
        "volumes": [{"name": "data", "image": {"reference": "private/data:1", "pullPolicy": "Never"}}],
    },
}


async def test_always_admit_lets_everything_be() -> None:
    async with serving(AdmissionOptions(control=("AlwaysAdmit",))) as client:
        await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="anywhere")


@pytest.mark.parametrize("verb", ["create", "update", "patch", "delete", "delete_collection"])
async def test_always_deny_refuses_every_write_and_no_read(verb: str) -> None:
    switch = Switch()
    async with serving(AdmissionOptions(control=(), extra=(switch,))) as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        await config_maps.create({"metadata": {"name": "x"}})
        switch.on = True
        writes: dict[str, Callable[[], Awaitable[object]]] = {
            "create": lambda: config_maps.create({"metadata": {"name": "y"}}),
            "update": lambda: config_maps.update({"metadata": {"name": "x"}, "data": {"a": "b"}}),
            "patch": lambda: config_maps.patch("x", {"data": {"a": "b"}}),
            "delete": lambda: config_maps.delete("x"),
            "delete_collection": lambda: config_maps.delete_collection(),
        }

        with pytest.raises(ApiError) as refusal:
            await writes[verb]()

        assert refusal.value.reason == "Forbidden"
        assert "data" not in await config_maps.get("x")


class Switch:
    """AlwaysDeny, once it is on: handed to the control plane rather than named."""

    name, operations, resources = "Switch", frozenset(("CREATE", "UPDATE", "DELETE")), None
    on = False

    def validate(self, attributes: Attributes) -> None:
        if self.on:
            raise forbidden(attributes.group_resource, attributes.name, "off")


async def test_always_deny_says_so() -> None:
    async with serving(AdmissionOptions(enable=("AlwaysDeny",))) as client:
        with pytest.raises(ApiError) as refusal:
            await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "x"}})

    assert refusal.value.message == 'namespaces "x" is forbidden: admission control is denying all modifications'


async def test_always_deny_refuses_before_those_that_are_named_after_it() -> None:
    async with serving(AdmissionOptions(control=("AlwaysDeny", "NamespaceLifecycle"))) as client:
        with pytest.raises(ApiError, match="admission control is denying all modifications"):
            await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="missing")


async def test_always_pull_images_sets_every_policy() -> None:
    async with serving(AdmissionOptions(enable=("AlwaysPullImages",))) as client:
        spec = (await client.resource(core_v1.PODS).create(POD))["spec"]

    assert spec["initContainers"][0]["imagePullPolicy"] == "Always"
    assert spec["containers"][0]["imagePullPolicy"] == "Always"
    assert spec["volumes"][0]["image"]["pullPolicy"] == "Always"


async def test_always_pull_images_leaves_other_kinds_and_known_images_alone() -> None:
    switch = AdmissionOptions(enable=("AlwaysPullImages",))
    async with serving(switch) as client:
        config_map = await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}, "data": {"a": "b"}})
        pods = client.resource(core_v1.PODS)
        await pods.create(POD)
        labelled = await pods.patch("web", {"metadata": {"labels": {"a": "b"}}})

    assert config_map.get("data") == {"a": "b"}
    assert labelled["metadata"].get("labels") == {"a": "b"}


class Loosens:
    """Undoes what AlwaysPullImages did, after it."""

    name, operations, resources = "Loosens", frozenset(("CREATE",)), frozenset((GroupResource("", "pods"),))

    def admit(self, attributes: Attributes) -> None:
        assert attributes.object is not None
        attributes.object["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"


async def test_always_pull_images_refuses_what_a_later_plugin_loosened() -> None:
    options = AdmissionOptions(enable=("AlwaysPullImages",), extra=(Loosens(),))
    async with serving(options) as client:
        with pytest.raises(ApiError) as refusal:
            await client.resource(core_v1.PODS).create(POD)

    assert refusal.value.message == (
        'pods "web" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "IfNotPresent":'
        ' supported values: "Always"'
    )
