"""The demonstration of initializers: programs of their own, over TLS, and what their absence does."""

import asyncio
import base64
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.config import load_config
from steersman.client.kinds.apps_v1 import DEPLOYMENTS
from steersman.client.kinds.core_v1 import CONFIG_MAPS, SECRETS
from steersman.controlplane import ControlPlane

EXAMPLE = Path(__file__).parents[2] / "examples" / "initializers"
CONFIGURATIONS = ApiResource(
    "admissionregistration.k8s.io", "v1alpha1", "initializerconfigurations", "InitializerConfiguration", False, DICTS
)
ENVOY, LOGS = "envoy.initializer.kubernetes.io", "logs.initializer.kubernetes.io"


def manifests(path: str) -> list[Any]:
    return list(yaml.safe_load_all((EXAMPLE / path).read_text()))


def deployment(name: str) -> Any:
    (manifest,) = manifests(f"deployments/{name}.yaml")
    return manifest


class Demonstration:
    """A control plane with initializers, and what an operator and users do to it."""

    def __init__(self, kubeconfig: Path, client: Client, stack: AsyncExitStack) -> None:
        self.kubeconfig, self.client = kubeconfig, client
        self._stack = stack

    async def configure(self, manifest: Any, **initializer: Any) -> None:
        """Create an InitializerConfiguration, with its initializer changed as said."""
        changed = {**manifest["initializers"][0], **initializer}
        wanted = {**manifest, "initializers": [{key: value for key, value in changed.items() if value is not None}]}
        await self.client.resource(CONFIGURATIONS).create(wanted)

    async def configure_envoy(self, **initializer: Any) -> None:
        (manifest,) = manifests("manifests/initializer-configuration.yaml")
        for config_map in manifests("manifests/config-map.yaml"):
            await self.client.resource(CONFIG_MAPS).create(config_map, namespace="default")
        await self.configure(manifest, **initializer)

    async def configure_logs(self) -> None:
        """A second sidecar, by the same program under another name."""
        config = {"containers": [{"name": "logs", "image": "fluentd:1"}]}
        config_map: Any = {"metadata": {"name": "logs"}, "data": {"config": yaml.safe_dump(config)}}
        await self.client.resource(CONFIG_MAPS).create(config_map, namespace="default")
        (manifest,) = manifests("manifests/initializer-configuration.yaml")
        manifest["metadata"]["name"] = "logs"
        await self.configure(manifest, name=LOGS)

    async def start(self, program: str, *arguments: str) -> None:
        """Run an initializer until the end of the test, when it must end as it is told to."""
        await self._stack.enter_async_context(running(program, "-kubeconfig", str(self.kubeconfig), *arguments))

    async def create(self, manifest: Any) -> Any:
        return await self.client.resource(DEPLOYMENTS).create(manifest, namespace="default")

    async def listed(self, *, include_uninitialized: bool = False) -> list[Any]:
        deployments = self.client.resource(DEPLOYMENTS)
        page = deployments.list(namespace="default", include_uninitialized=include_uninitialized).page()
        return list((await page).items)


@asynccontextmanager
async def running(program: str, *arguments: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE / program), *arguments, stderr=asyncio.subprocess.PIPE
    )
    yield
    process.send_signal(signal.SIGTERM)
    _, said = await process.communicate()
    assert (process.returncode, said.decode()) == (0, "")


@asynccontextmanager
async def demonstrating(data_dir: Path, wait: float = 30.0) -> AsyncIterator[Demonstration]:
    server = ControlPlane(
        listen="127.0.0.1:0",
        data_dir=data_dir,
        admission=AdmissionOptions(enable=("Initializers",)),
        initialization_wait=wait,
    )
    async with server, AsyncExitStack() as stack:
        assert server.kubeconfig is not None
        client = await stack.enter_async_context(Client(replace(load_config(server.kubeconfig), qps=-1)))
        yield Demonstration(server.kubeconfig, client, stack)


@pytest.fixture
async def demonstration(tmp_path: Path) -> AsyncIterator[Demonstration]:
    async with demonstrating(tmp_path) as found:
        yield found


def containers(made: Any) -> list[str]:
    return [one["name"] for one in made["spec"]["template"]["spec"]["containers"]]


async def test_a_sidecar_and_its_volume_are_there_from_the_first_moment(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    await demonstration.start("envoy_initializer.py")

    made = await demonstration.create(deployment("helloworld"))

    spec = made["spec"]["template"]["spec"]
    assert containers(made) == ["helloworld", "envoy"]
    assert [volume["configMap"]["name"] for volume in spec["volumes"]] == ["envoy"]
    assert "initializers" not in made["metadata"]
    assert await demonstration.listed() == [made]


async def test_what_has_no_annotation_is_left_alone_where_one_is_required(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    await demonstration.start("envoy_initializer.py", "-require-annotation")

    plain = await demonstration.create(deployment("helloworld"))
    annotated = await demonstration.create(deployment("helloworld-with-annotation"))

    assert (containers(plain), containers(annotated)) == (["helloworld"], ["helloworld", "envoy"])


async def test_two_initializers_take_their_turns(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    await demonstration.configure_logs()
    await demonstration.start("envoy_initializer.py", "-initializer-name", LOGS, "-configmap", "logs")
    await demonstration.start("envoy_initializer.py")
    deployments = demonstration.client.resource(DEPLOYMENTS)

    async with deployments.watch(namespace="default", include_uninitialized=True) as events:
        made = await demonstration.create(deployment("helloworld"))
        seen = [(await anext(events)).object for _ in range(3)]

    assert containers(made) == ["helloworld", "envoy", "logs"]
    waiting: list[Any] = [dict(one["metadata"]).get("initializers") for one in seen]
    assert [[one["name"] for one in each["pending"]] for each in waiting[:2]] == [[ENVOY, LOGS], [LOGS]]
    assert waiting[2] is None


async def test_who_watches_sees_it_added_once_at_the_end(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    await demonstration.start("envoy_initializer.py")
    deployments = demonstration.client.resource(DEPLOYMENTS)

    async with deployments.watch(namespace="default") as events:
        made = await demonstration.create(deployment("helloworld"))
        await deployments.delete("helloworld", namespace="default")
        seen = [await anext(events) for _ in range(2)]

    assert [event.type for event in seen] == ["ADDED", "DELETED"]
    assert seen[0].object == made


async def test_a_dead_initializer_that_may_be_ignored_is(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy(timeoutSeconds=1, failurePolicy="Ignore")

    made = await demonstration.create(deployment("helloworld"))

    assert containers(made) == ["helloworld"]


async def test_a_dead_initializer_that_must_not_be_missing_fails_the_create(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy(timeoutSeconds=1, failurePolicy="Fail")

    with pytest.raises(ApiError) as refusal:
        await demonstration.create(deployment("helloworld"))

    assert refusal.value.message == f"Timeout: the initializer {ENVOY} did nothing within 1 seconds"
    assert await demonstration.listed(include_uninitialized=True) == []


async def times_out(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy(timeoutSeconds=None, failurePolicy=None)

    with pytest.raises(ApiError) as refusal:
        await demonstration.create(deployment("helloworld"))

    said = "Timeout: server has timed out waiting for the initialization of deployments.apps helloworld"
    assert (refusal.value.code, refusal.value.message) == (504, said)
    assert await demonstration.listed() == []
    assert len(await demonstration.listed(include_uninitialized=True)) == 1


async def test_who_creates_does_not_wait_for_ever(tmp_path: Path) -> None:
    async with demonstrating(tmp_path, wait=0.2) as demonstration:
        await times_out(demonstration)


async def test_an_initializer_that_starts_later_does_what_was_left(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    creating = asyncio.create_task(demonstration.create(deployment("helloworld")))

    await demonstration.start("envoy_initializer.py")

    assert containers(await creating) == ["helloworld", "envoy"]


async def test_its_own_deployment_is_not_held(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    manifest = deployment("envoy-initializer")

    made = await demonstration.create(manifest)

    assert ("initializers" in made["metadata"], containers(made)) == (False, ["envoy-initializer"])


async def test_its_own_deployment_is_refused_where_it_would_wait_for_itself(demonstration: Demonstration) -> None:
    await demonstration.configure_envoy()
    manifest = deployment("envoy-initializer")
    del manifest["metadata"]["initializers"]

    with pytest.raises(ApiError) as refusal:
        await demonstration.create(manifest)

    assert "set metadata.initializers.pending: []" in refusal.value.message


@pytest.mark.parametrize("password", ["secret", "correct horse battery staple"])
async def test_an_initializer_can_refuse(demonstration: Demonstration, password: str) -> None:
    (manifest,) = manifests("manifests/password-configuration.yaml")
    await demonstration.configure(manifest)
    await demonstration.start("password_initializer.py")
    secrets = demonstration.client.resource(SECRETS)
    secret: Any = {"metadata": {"name": "db"}, "data": {"password": base64.b64encode(password.encode()).decode()}}

    if len(password) > 12:
        assert "initializers" not in (await secrets.create(secret, namespace="default"))["metadata"]
        return
    with pytest.raises(ApiError) as refusal:
        await secrets.create(secret, namespace="default")

    said = 'Secret "db" is invalid: its password has 6 bytes, and must have 12 at least'
    assert (refusal.value.code, refusal.value.reason, refusal.value.message) == (422, "Invalid", said)
    assert (await secrets.list(namespace="default", include_uninitialized=True).page()).items == []


@pytest.mark.parametrize("program", ["envoy_initializer.py", "password_initializer.py"])
async def test_the_programs_say_what_their_flags_mean(program: str) -> None:
    said = await output(program, ["-h"])

    assert "-kubeconfig" in said


async def output(program: str, arguments: Sequence[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE / program), *arguments, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return said.decode()
