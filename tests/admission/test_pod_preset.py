from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.admission.plugin_server import pod
from tests.admission.user_server import serving_users

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.kinds import core_v1

PRESETS = ApiResource("settings.k8s.io", "v1alpha1", "podpresets", "PodPreset", True, DICTS)
EXCLUDE = "podpreset.admission.kubernetes.io/exclude"
PORT = {"name": "DB_PORT", "value": "6379"}
MOUNT = {"name": "cache", "mountPath": "/cache"}
VOLUME: Any = {"name": "cache", "emptyDir": {}}
FROM = {"configMapRef": {"name": "settings"}}
WEB = {"role": "web"}


@asynccontextmanager
async def serving(version: str = "1.9") -> AsyncIterator[Client]:
    async with serving_users("PodPreset", version=version, runtime_config="settings.k8s.io/v1alpha1=true") as of:
        yield of()


async def preset(client: Client, name: str = "db", selector: Any = None, **spec: Any) -> str:
    """The resourceVersion of a new preset."""
    written = {"selector": {"matchLabels": WEB} if selector is None else selector, **spec}
    made = await client.resource(PRESETS).create({"metadata": {"name": name}, "spec": written})
    return str(made["metadata"]["resourceVersion"])


def labelled(container: Any = None, annotations: Any = None, **spec: Any) -> Any:
    made = pod(labels=WEB, annotations=annotations, **spec)
    made["spec"]["containers"][0] |= container or {}
    return made


async def create(client: Client, written: Any) -> Any:
    return await client.resource(core_v1.PODS).create(written)


async def events(client: Client) -> list[Any]:
    return [one async for one in client.resource(core_v1.EVENTS).list()]


def applied(made: Any) -> dict[str, str]:
    return {
        key.removeprefix("podpreset.admission.kubernetes.io/"): value
        for key, value in (made["metadata"].get("annotations") or {}).items()
    }


@pytest.mark.parametrize("version", ["1.9", "1.19", "1.37"])
async def test_a_preset_puts_all_it_lists_into_the_pods_it_selects(version: str) -> None:
    async with serving(version) as client:
        revision = await preset(client, env=[PORT], envFrom=[FROM], volumeMounts=[MOUNT], volumes=[VOLUME])
        own = {"name": "OWN", "value": "1"}

        made = await create(client, labelled({"env": [own]}))

    container = made["spec"]["containers"][0]
    assert (container["env"], container["envFrom"]) == ([own, PORT], [FROM])
    assert (container["volumeMounts"], made["spec"]["volumes"]) == ([MOUNT], [VOLUME])
    assert applied(made) == {"podpreset-db": revision}


async def test_several_presets_are_applied_in_the_order_of_their_names() -> None:
    async with serving() as client:
        second = await preset(client, "b", env=[{"name": "B", "value": "2"}, PORT])
        first = await preset(client, "a", env=[PORT], selector={})

        made = await create(client, labelled())

    assert [one["name"] for one in made["spec"]["containers"][0]["env"]] == ["DB_PORT", "B"]
    assert applied(made) == {"podpreset-a": first, "podpreset-b": second}


@pytest.mark.parametrize(
    "written",
    [
        pod(labels={"role": "db"}),
        labelled(annotations={EXCLUDE: "true"}),
        labelled(annotations={"kubernetes.io/config.mirror": "x"}),
    ],
    ids=["not selected", "excluded", "mirror"],
)
async def test_others_are_left_alone(written: Any) -> None:
    async with serving() as client:
        await preset(client, env=[PORT])

        made = await create(client, written)

    assert "env" not in made["spec"]["containers"][0]
    assert not any(key.startswith("podpreset-") for key in applied(made))


async def test_presets_of_other_namespaces_are_others_own() -> None:
    async with serving() as client:
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "team"}})
        await preset(client, env=[PORT])

        made = await client.resource(core_v1.PODS).create(labelled(), namespace="team")

    assert "env" not in made["spec"]["containers"][0]


async def test_a_pod_that_is_there_keeps_what_it_has() -> None:
    async with serving() as client:
        await create(client, labelled())
        await preset(client, env=[PORT])

        changed = await client.resource(core_v1.PODS).patch("web", {"metadata": {"labels": {"a": "b"}}})

    assert applied(changed) == {}


async def test_what_the_pod_has_just_so_is_no_conflict() -> None:
    async with serving() as client:
        await preset(client, env=[PORT], volumeMounts=[MOUNT], volumes=[VOLUME])

        made = await create(client, labelled({"env": [PORT], "volumeMounts": [MOUNT]}, volumes=[VOLUME]))

    assert made["spec"]["containers"][0]["env"] == [PORT]
    assert made["spec"]["volumes"] == [VOLUME]
    assert list(applied(made)) == ["podpreset-db"]


@pytest.mark.parametrize(
    ("container", "spec", "conflict"),
    [
        ({"env": [{"name": "DB_PORT", "value": "1"}]}, {}, "merging env for db has a conflict on DB_PORT: "),
        (
            {"volumeMounts": [{"name": "cache", "mountPath": "/else"}]},
            {"volumes": [VOLUME]},
            "merging volume mounts for db has a conflict on cache: ",
        ),
        (
            {"volumeMounts": [{"name": "mine", "mountPath": "/cache"}]},
            {"volumes": [{"name": "mine", "emptyDir": {}}]},
            "merging volume mounts for db has a conflict on mount path /cache: ",
        ),
        (
            {},
            {"volumes": [{"name": "cache", "emptyDir": {"medium": "Memory"}}]},
            "merging volumes for db has a conflict on cache: ",
        ),
    ],
    ids=["env", "mount", "mount path", "volume"],
)
async def test_a_conflict_leaves_the_pod_as_it_is_and_an_event(container: Any, spec: Any, conflict: str) -> None:
    async with serving() as client:
        await preset(client, env=[PORT], envFrom=[FROM], volumeMounts=[MOUNT], volumes=[VOLUME])
        await preset(client, "other", env=[{"name": "A", "value": "1"}])

        made = await create(client, labelled(container, **spec))
        [event] = await events(client)

    assert applied(made) == {}
    assert "envFrom" not in made["spec"]["containers"][0]
    assert all(one["name"] != "A" for one in made["spec"]["containers"][0].get("env") or ())
    about = {key: event["involvedObject"][key] for key in ("kind", "name", "uid")}
    assert about == {"kind": "Pod", "name": "web", "uid": made["metadata"]["uid"]}
    assert (event["type"], event["reason"]) == ("Warning", "PodPresetConflict")
    head = "conflict occurred while applying podpresets: db,other on pod: web err: "
    assert event["message"].startswith(head + conflict)


async def test_presets_that_contradict_each_other_conflict_too() -> None:
    async with serving() as client:
        await preset(client, "a", env=[PORT])
        await preset(client, "b", env=[{"name": "DB_PORT", "value": "1"}])

        made = await create(client, labelled())
        [event] = await events(client)

    assert "env" not in made["spec"]["containers"][0]
    assert "merging env for b has a conflict on DB_PORT" in event["message"]


async def test_a_dry_run_leaves_no_event() -> None:
    async with serving("1.19") as client:
        await preset(client, env=[PORT])
        written = labelled({"env": [{"name": "DB_PORT", "value": "1"}]})

        await client.resource(core_v1.PODS).create(written, dry_run=True)

        assert await events(client) == []


@pytest.mark.parametrize(("version", "expected"), [("1.13", None), ("1.14", [PORT])])
async def test_init_containers_since_1_14(version: str, expected: Any) -> None:
    async with serving(version) as client:
        await preset(client, env=[PORT])

        made = await create(client, labelled(initContainers=[{"name": "first", "image": "busybox"}]))

    assert made["spec"]["initContainers"][0].get("env") == expected


async def test_where_presets_are_not_served_there_are_none() -> None:
    async with serving_users("PodPreset") as of:
        made = await create(of(), labelled())

    assert applied(made) == {}
