from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import configured, pod, refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1

PLUGIN = "PodNodeSelector"
ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector"


async def create(client: Client, namespace: str, **spec: Any) -> Any:
    created = await client.resource(core_v1.PODS).create(pod(**spec), namespace=namespace)
    return created["spec"].get("nodeSelector")


async def add_namespace(client: Client, name: str, selector: str) -> None:
    namespace: Any = {"metadata": {"name": name, "annotations": {ANNOTATION: selector}}}
    await client.resource(core_v1.NAMESPACES).create(namespace)


async def test_a_pod_takes_on_the_selector_of_its_namespace() -> None:
    async with serving(PLUGIN) as client:
        await add_namespace(client, "team", "zone=a, disk = ssd")

        assert await create(client, "team") == {"zone": "a", "disk": "ssd"}
        assert await client.resource(core_v1.PODS).delete("web", namespace="team")
        assert await create(client, "team", nodeSelector={"gpu": "yes", "zone": "a"}) == {
            "zone": "a",
            "disk": "ssd",
            "gpu": "yes",
        }


async def test_where_nothing_is_said_nothing_changes() -> None:
    async with serving(PLUGIN) as client:
        await add_namespace(client, "empty", "")

        assert await create(client, "default") is None
        assert await create(client, "empty", nodeSelector={"a": "b"}) == {"a": "b"}


async def test_a_conflict_is_refused() -> None:
    async with serving(PLUGIN) as client:
        await add_namespace(client, "team", "zone=a")

        refused = await refusal(create(client, "team", nodeSelector={"zone": "b"}))

    assert refused.message == (
        'pods "web" is forbidden: pod node label selector conflicts with its namespace node label selector'
    )


async def test_the_configuration_has_the_default_and_what_namespaces_may_say(tmp_path: Path) -> None:
    sections = {"clusterDefaultNodeSelector": "disk=hdd", "team": "zone=a,disk=ssd", "default": "disk=hdd,zone=c"}
    file = configured(tmp_path, PLUGIN, {"podNodeSelectorPluginConfig": sections})
    async with serving(PLUGIN, configuration=file) as client:
        await add_namespace(client, "team", "zone=a")

        assert await create(client, "default", nodeSelector={"zone": "c"}) == {"disk": "hdd", "zone": "c"}
        assert await create(client, "kube-system", nodeSelector={"any": "thing"}) == {"disk": "hdd", "any": "thing"}
        assert await create(client, "team") == {"zone": "a"}
        refused = await refusal(create(client, "team", nodeSelector={"disk": "hdd"}))

    assert refused.message == (
        'pods "web" is forbidden: pod node label selector labels conflict with its namespace whitelist'
    )


@pytest.mark.parametrize("written", ["zone", "a=b=c", "a b=c", "a=b c"])
async def test_an_annotation_that_is_wrong_admits_nobody(written: str) -> None:
    async with serving(PLUGIN) as client:
        await add_namespace(client, "team", written)

        refused = await refusal(create(client, "team"))

    assert refused.code == 403
    assert f"annotation {ANNOTATION} of namespace team: invalid selector: '{written}'" in refused.message


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"selectors": {}}, "unknown field 'selectors'"),
        ({"podNodeSelectorPluginConfig": ["x"]}, "podNodeSelectorPluginConfig must be an object"),
        ({"podNodeSelectorPluginConfig": {"team": 3}}, "podNodeSelectorPluginConfig.team: must be a string"),
        ({"podNodeSelectorPluginConfig": {"team": "x"}}, "podNodeSelectorPluginConfig.team: invalid selector: 'x'"),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, configuration: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        async with serving(PLUGIN, configuration=configured(tmp_path, PLUGIN, configuration)):
            pass


async def test_pods_that_are_there_and_templates_are_left_alone() -> None:
    async with serving(PLUGIN) as client:
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "team"}})
        await create(client, "team", nodeSelector={"zone": "b"})
        ordered = {"metadata": {"annotations": {ANNOTATION: "zone=a"}}}
        await client.resource(core_v1.NAMESPACES).patch("team", ordered)
        pods, templates = client.resource(core_v1.PODS), client.resource(core_v1.POD_TEMPLATES)

        labelled = await pods.patch("web", {"metadata": {"labels": {"a": "b"}}}, namespace="team")
        template: Any = {"metadata": {"name": "x"}, "template": {"spec": pod()["spec"]}}
        created: Any = await templates.create(template, namespace="team")

    assert labelled["spec"].get("nodeSelector") == {"zone": "b"}
    assert "nodeSelector" not in created["template"]["spec"]
