from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.admission.plugin_server import configured, pod, refusal, serving

from steersman.client import Client
from steersman.client.kinds import core_v1

PLUGIN = "PodTolerationRestriction"
DEFAULT = "scheduler.alpha.kubernetes.io/defaultTolerations"
WHITELIST = "scheduler.alpha.kubernetes.io/tolerationsWhitelist"
A = {"key": "a", "operator": "Exists"}
A_IS_B = {"key": "a", "operator": "Equal", "value": "b"}
C = {"key": "c", "operator": "Exists", "effect": "NoSchedule"}
PRESSURE = {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"}
REFUSED = (
    'pods "web" is forbidden: pod tolerations (possibly merged with namespace default tolerations) conflict with its '
)


async def create(client: Client, annotations: Any = None, **spec: Any) -> Any:
    """The tolerations of a Pod in a namespace with ``annotations``."""
    written = {
        key: value if isinstance(value, str) else orjson.dumps(value).decode()
        for key, value in (annotations or {}).items()
    }
    namespace: Any = {"metadata": {"name": "team", "annotations": written}}
    await client.resource(core_v1.NAMESPACES).create(namespace)
    created = await client.resource(core_v1.PODS).create(pod(**spec), namespace="team")
    return created["spec"].get("tolerations")


@pytest.mark.parametrize(
    ("annotations", "own", "expected"),
    [
        ({}, [C], [C]),
        ({DEFAULT: [A]}, [], [A]),
        ({DEFAULT: [A]}, [C], [A, C]),
        ({DEFAULT: [A_IS_B]}, [A], [A]),
        ({DEFAULT: []}, [C], [C]),
        ({DEFAULT: ""}, [C], [C]),
        ({DEFAULT: [A], WHITELIST: [A, C]}, [C], [A, C]),
        ({WHITELIST: [A]}, [A_IS_B], [A_IS_B]),
        ({WHITELIST: []}, [C], [C]),
    ],
)
async def test_a_pod_tolerates_what_its_namespace_does(annotations: Any, own: Any, expected: Any) -> None:
    async with serving(PLUGIN) as client:
        assert await create(client, annotations, tolerations=own) == expected


async def test_a_pod_of_a_namespace_that_says_nothing_is_left_alone() -> None:
    async with serving(PLUGIN) as client:
        assert await create(client) is None


async def test_a_pod_that_is_promised_resources_tolerates_memory_pressure() -> None:
    containers = [{"name": "web", "image": "nginx:1", "resources": {"requests": {"memory": "1Mi"}}}]
    async with serving(PLUGIN) as client:
        assert await create(client, {DEFAULT: [A]}, containers=containers, tolerations=[C]) == [A, C, PRESSURE]


@pytest.mark.parametrize(
    ("annotations", "own"),
    [({WHITELIST: [A_IS_B]}, [A]), ({WHITELIST: [A]}, [A, C]), ({DEFAULT: [C], WHITELIST: [A]}, [])],
    ids=["wider", "another", "the default itself"],
)
async def test_what_is_not_on_the_list_is_refused(annotations: Any, own: Any) -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(create(client, annotations, tolerations=own))

    assert (refused.code, refused.message) == (403, f"{REFUSED}namespace whitelist")


async def test_an_update_is_held_to_the_list_but_gets_no_defaults() -> None:
    async with serving(PLUGIN) as client:
        await create(client, {WHITELIST: [A]}, tolerations=[A_IS_B])
        namespaces, pods = client.resource(core_v1.NAMESPACES), client.resource(core_v1.PODS)
        await namespaces.patch("team", {"metadata": {"annotations": {DEFAULT: orjson.dumps([A]).decode()}}})

        added = await refusal(pods.patch("web", {"spec": {"tolerations": [C]}}, namespace="team"))
        labelled = await pods.patch("web", {"metadata": {"labels": {"a": "b"}}}, namespace="team")

    assert added.message == f"{REFUSED}namespace whitelist"
    assert labelled["spec"].get("tolerations") == [A_IS_B]


async def test_the_configuration_is_for_namespaces_that_say_nothing(tmp_path: Path) -> None:
    head = {"apiVersion": "podtolerationrestriction.admission.k8s.io/v1alpha1", "kind": "Configuration"}
    file = configured(tmp_path, PLUGIN, {**head, "default": [C], "whitelist": [C]})
    async with serving(PLUGIN, configuration=file) as client:
        pods = client.resource(core_v1.PODS)
        assert await create(client, {DEFAULT: [A], WHITELIST: [A]}) == [A]
        assert (await pods.create(pod()))["spec"].get("tolerations") == [C]
        refused = await refusal(pods.create(pod("second", tolerations=[A])))

    assert refused.message == f"{REFUSED}cluster whitelist".replace("web", "second")


@pytest.mark.parametrize("written", ["{", "{}", "[1]", "3"])
async def test_an_annotation_that_is_wrong_admits_nobody(written: str) -> None:
    async with serving(PLUGIN) as client:
        refused = await refusal(create(client, {DEFAULT: written}))

    assert refused.message == (
        f'pods "web" is forbidden: annotation {DEFAULT} of namespace team is no JSON list of tolerations'
    )


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"defaults": []}, "unknown field 'defaults'"),
        ({"default": {}}, "default must be a list of tolerations"),
        ({"whitelist": [1]}, "whitelist must be a list of tolerations"),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, configuration: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        async with serving(PLUGIN, configuration=configured(tmp_path, PLUGIN, configuration)):
            pass
