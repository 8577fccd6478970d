"""AlwaysPullImages: a tenant's private image is no other tenant's, whatever a Pod says of when to pull it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from tests.admission.over_http import serving_http
from tests.admission.plugin_server import pod, refusal, serving
from tests.admission.webhook.webhook_server import Review, patch, webhook_server

from steersman.admission.selection import AdmissionOptions
from steersman.client import Client
from steersman.client.kinds import admissionregistration_v1 as registration
from steersman.client.kinds import core_v1, rbac_v1
from steersman.client.patch_type import PatchType

PLUGIN = "AlwaysPullImages"
TENANTS = {"red": "ruth", "blue": "bert", "green": "gina"}
"""The user of each namespace, who may do nothing anywhere else."""


def container(name: str = "web", policy: str | None = "IfNotPresent", tag: str = "1") -> Any:
    pulled = {"imagePullPolicy": policy} if policy else {}
    return {"name": name, "image": f"registry.example.com/private/{name}:{tag}", **pulled}


def private(policy: str | None = "IfNotPresent") -> Any:
    """A Pod with private images of every kind, each with the same policy."""
    image = {"reference": "registry.example.com/private/data:1", **({"pullPolicy": policy} if policy else {})}
    return pod(
        initContainers=[container("setup", policy)],
        containers=[container("web", policy), container("side", policy)],
        volumes=[{"name": "data", "image": image}],
    )


def policies(written: Any) -> list[str | None]:
    """Of all containers of a Pod, and of its images that are volumes."""
    spec = written["spec"]
    kinds = ("initContainers", "containers", "ephemeralContainers")
    found = [one.get("imagePullPolicy") for kind in kinds for one in spec.get(kind) or ()]
    return found + [one["image"].get("pullPolicy") for one in spec.get("volumes") or () if one.get("image")]


@asynccontextmanager
async def shared_cluster() -> AsyncIterator[dict[str, Client]]:
    """The clients of TENANTS by namespace: each may edit what is in it."""
    admission = AdmissionOptions(enable=(PLUGIN,))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving_http(admission=admission))
        admin = await stack.enter_async_context(Client(server.config()))
        clients = {}
        for namespace, user in TENANTS.items():
            await admin.resource(core_v1.NAMESPACES).create({"metadata": {"name": namespace}})
            binding: Any = {
                "metadata": {"name": "tenant"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
            }
            await admin.resource(rbac_v1.ROLE_BINDINGS).create(binding, namespace=namespace)
            clients[namespace] = await stack.enter_async_context(Client(server.config(user)))
        yield clients


async def test_every_tenants_pod_pulls_its_private_images_always() -> None:
    async with shared_cluster() as clients:
        for namespace, client in clients.items():
            created: Any = await client.resource(core_v1.PODS).create(private(), namespace=namespace)
            read: Any = await client.resource(core_v1.PODS).get("web", namespace=namespace)

            assert policies(created) == policies(read) == ["Always"] * 4


async def test_no_tenant_gets_around_it_with_a_later_update() -> None:
    async with shared_cluster() as clients:
        for namespace, client in clients.items():
            pods = client.resource(core_v1.PODS)
            await pods.create(private(), namespace=namespace)
            others = {"spec": {"containers": [container("web", tag="2")]}}
            updated: Any = await pods.patch("web", others, namespace=namespace, type=PatchType.STRATEGIC_MERGE)

            assert policies(updated) == ["Always"] * 4


async def test_what_a_tenant_may_not_do_is_refused_before() -> None:
    async with shared_cluster() as clients:
        refused = await refusal(clients["red"].resource(core_v1.PODS).create(private(), namespace="blue"))

    assert (refused.code, refused.message) == (
        403,
        'pods is forbidden: User "ruth" cannot create resource "pods" in API group "" in the namespace "blue"',
    )


@pytest.mark.parametrize("policy", ["IfNotPresent", "Never", "Always", None])
async def test_every_policy_becomes_always(policy: str | None) -> None:
    async with serving(PLUGIN) as client:
        assert policies(await client.resource(core_v1.PODS).create(private(policy))) == ["Always"] * 4


async def test_an_ephemeral_container_pulls_its_image_always() -> None:
    async with serving(PLUGIN) as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(private("Never"))
        debug = {"spec": {"ephemeralContainers": [container("debug", "Never")]}}

        changed: Any = await pods.patch("web", debug, subresource="ephemeralcontainers")

    assert policies(changed) == ["Always"] * 5


async def test_an_update_that_brings_no_image_leaves_the_policies_alone(tmp_path: Any) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await client.resource(core_v1.PODS).create(private())
    async with serving(PLUGIN, store=store) as client:
        labelled = await client.resource(core_v1.PODS).patch("web", {"metadata": {"labels": {"a": "b"}}})

    assert labelled["metadata"].get("labels") == {"a": "b"}
    assert policies(labelled) == ["IfNotPresent"] * 4


async def test_templates_and_other_kinds_are_left_alone() -> None:
    template: Any = {"metadata": {"name": "x"}, "template": {"spec": private()["spec"]}}
    async with serving(PLUGIN) as client:
        created: Any = await client.resource(core_v1.POD_TEMPLATES).create(template)
        config_map = await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}, "data": {"a": "b"}})

    assert policies(created["template"]) == ["IfNotPresent"] * 4
    assert config_map.get("data") == {"a": "b"}


PLACES = [
    ("/spec/initContainers/0/imagePullPolicy", "spec.initContainers[0].imagePullPolicy"),
    ("/spec/containers/1/imagePullPolicy", "spec.containers[1].imagePullPolicy"),
    ("/spec/volumes/0/image/pullPolicy", "spec.volumes[0].image.pullPolicy"),
]


@asynccontextmanager
async def loosening(pointer: str, reinvocation: str) -> AsyncIterator[Client]:
    """A server with a webhook, asked after the plugin, that sets a policy back each time it is asked."""

    def loosen(request: Review) -> Review:
        return patch(request, {"op": "replace", "path": pointer, "value": "IfNotPresent"})

    async with (
        serving(PLUGIN, "MutatingAdmissionWebhook") as client,
        webhook_server() as hooks,
    ):
        hooks.on("/loosen", loosen)
        rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
        webhook = hooks.webhook("/loosen", rules=[rule], reinvocationPolicy=reinvocation)
        configuration: Any = {"metadata": {"name": "test"}, "webhooks": [webhook]}
        await client.resource(registration.MUTATING_WEBHOOK_CONFIGURATIONS).create(configuration)
        yield client


@pytest.mark.parametrize(("pointer", "field"), PLACES)
async def test_what_a_webhook_undoes_again_and_again_is_refused(pointer: str, field: str) -> None:
    async with loosening(pointer, "IfNeeded") as client:
        refused = await refusal(client.resource(core_v1.PODS).create(private()))
        left = await client.resource(core_v1.PODS).list().page()

    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.message == (
        f'pods "web" is forbidden: {field}: Unsupported value: "IfNotPresent": supported values: "Always"'
    )
    assert list(left.items) == []


async def test_what_a_webhook_undoes_once_is_set_once_more() -> None:
    async with loosening(PLACES[0][0], "Never") as client:
        created = await client.resource(core_v1.PODS).create(private())

    assert policies(created) == ["Always"] * 4
