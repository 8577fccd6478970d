"""The chains that kube-apiserver's documentation recommended for 1.6 to 1.8 and for 1.9: each starts, and serves.

Over TLS, from processes that were started with the flag, as a server of that time and as one of today.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from tests.admission.plugin_server import pod, refusal
from tests.admission.webhook.webhook_server import WebhookServer, patch, review, webhook_server
from tests.conformance.processes import ServerProcess

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.config import load_config
from steersman.client.kinds import core_v1, storage_v1
from steersman.client.wait import deleted, exists, wait_for

SECONDS = 30
OLD, NEW = "1.6", "1.9"
STARTS = [(OLD, "1.8"), ("1.7", "1.8"), ("1.8", "1.8"), (OLD, "1.37"), (NEW, "1.9"), (NEW, "1.37")]
"""The name of the set, and the version of the server."""

WITH_WEBHOOKS = [one for one in STARTS if one[0] == NEW]
WITHOUT = [(OLD, "1.37"), (OLD, "1.9")]


class Team(NamedTuple):
    """A namespace of its own for each test, and a client that is at home there."""

    client: Client
    version: str

    async def create(self, kind: Any, body: Any) -> Any:
        return await self.client.resource(kind).create(body)

    @property
    def has_webhooks_v1(self) -> bool:
        return self.version != "1.9"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], ServerProcess]]:
    """Those that tests have asked for, by set and version."""
    started: dict[tuple[str, str], ServerProcess] = {}
    yield started
    for server in started.values():
        server.end()


@pytest.fixture
async def team(
    request: pytest.FixtureRequest,
    servers: dict[tuple[str, str], ServerProcess],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Team]:
    chain, version = request.param
    if request.param not in servers:
        flags = (f"--admission-control={chain}", f"--emulated-version={version}", "--store=memory:")
        servers[request.param] = server = ServerProcess(tmp_path_factory.mktemp("server"), flags)
        server.start()
    namespace = f"team-{secrets.token_hex(4)}"
    config = replace(load_config(servers[request.param].kubeconfig), namespace=namespace, qps=-1)
    async with Client(config) as client:
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": namespace}})
        yield Team(client, version)


on_each = pytest.mark.parametrize("team", STARTS, indirect=True, ids="-on-".join)
with_webhooks = pytest.mark.parametrize("team", WITH_WEBHOOKS, indirect=True, ids="-on-".join)
without = pytest.mark.parametrize("team", WITHOUT, indirect=True, ids="-on-".join)


@on_each
async def test_a_pod_runs_as_the_default_account_and_leaves_broken_nodes_after_a_while(team: Team) -> None:
    spec = (await team.create(core_v1.PODS, pod()))["spec"]

    account: Any = await team.client.resource(core_v1.SERVICE_ACCOUNTS).get(spec["serviceAccountName"])
    assert account["metadata"]["name"] == "default"
    assert [(one["key"], one["effect"], one["tolerationSeconds"]) for one in spec["tolerations"]] == [
        ("node.kubernetes.io/not-ready", "NoExecute", 300),
        ("node.kubernetes.io/unreachable", "NoExecute", 300),
    ]


@on_each
async def test_nothing_comes_into_a_namespace_that_is_not_there(team: Team) -> None:
    refused = await refusal(team.client.resource(core_v1.PODS).create(pod(), namespace="nowhere"))

    assert (refused.code, refused.message) == (404, 'namespaces "nowhere" not found')


@on_each
async def test_a_pod_of_an_account_that_is_not_there_is_refused(team: Team) -> None:
    refused = await refusal(team.create(core_v1.PODS, pod(serviceAccountName="nobody")))

    assert refused.message.endswith('/nobody: serviceaccounts "nobody" not found')


@on_each
async def test_a_claim_gets_the_default_class(team: Team) -> None:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    storage_class: Any = {"metadata": {"name": "fast", "annotations": annotations}, "provisioner": "example.com/disk"}
    await team.create(storage_v1.STORAGE_CLASSES, storage_class)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}

    claim = await team.create(core_v1.PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": "data"}, "spec": spec})
    await team.client.resource(storage_v1.STORAGE_CLASSES).delete("fast")

    assert claim["spec"]["storageClassName"] == "fast"


@on_each
async def test_a_limit_range_sets_defaults_and_bounds(team: Team) -> None:
    limit = {"type": "Container", "default": {"cpu": "1"}, "max": {"cpu": "2"}}
    await team.create(core_v1.LIMIT_RANGES, {"metadata": {"name": "limits"}, "spec": {"limits": [limit]}})

    made = await team.create(core_v1.PODS, pod())
    greedy = {"name": "web", "image": "nginx", "resources": {"limits": {"cpu": "3"}}}
    refused = await refusal(team.create(core_v1.PODS, pod("greedy", containers=[greedy])))

    assert made["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1"}
    assert refused.message == 'pods "greedy" is forbidden: maximum cpu usage per Container is 2, but limit is 3'


@on_each
async def test_a_quota_holds(team: Team) -> None:
    quotas = team.client.resource(core_v1.RESOURCE_QUOTAS)
    await team.create(core_v1.RESOURCE_QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}})
    await wait_for(quotas, "q", lambda quota: bool(quota.get("status", {}).get("used")), timeout=SECONDS)

    await team.create(core_v1.PODS, pod("first"))
    refused = await refusal(team.create(core_v1.PODS, pod("second")))

    assert (refused.code, refused.message) == (
        403,
        'pods "second" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
    )


def configurations(team: Team, kind: str) -> ApiResource[dict[str, Any]]:
    version = "v1" if team.has_webhooks_v1 else "v1beta1"
    return ApiResource("admissionregistration.k8s.io", version, f"{kind.lower()}s", kind, False, DICTS)


async def register(team: Team, kind: str, hooks: WebhookServer, path: str) -> None:
    """Have the ConfigMaps of the team's namespace sent to ``path``."""
    webhook = hooks.webhook(path, failurePolicy="Fail")
    if not team.has_webhooks_v1:
        del webhook["sideEffects"], webhook["admissionReviewVersions"]
    name = f"{path.strip('/')}-{team.client.config.namespace}"
    await team.client.resource(configurations(team, kind)).create({"metadata": {"name": name}, "webhooks": [webhook]})


def for_the_team(team: Team, hooks: WebhookServer) -> None:
    """Paths of ``hooks``: one that labels, and one that refuses what has no data, for this namespace only."""
    version = "v1" if team.has_webhooks_v1 else "v1beta1"

    def label(request: Any) -> Any:
        operation = {"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}}
        return {**patch(request, operation), "apiVersion": f"admission.k8s.io/{version}"}

    def refuse(request: Any) -> Any:
        allowed = bool(request["object"].get("data")) or request["namespace"] != team.client.config.namespace
        return review({"uid": request["uid"], "allowed": allowed, "status": {"message": "it is empty"}}, version)

    hooks.on("/label", label)
    hooks.on("/refuse", refuse)


@with_webhooks
async def test_webhooks_change_and_refuse(team: Team) -> None:
    async with webhook_server() as hooks:
        for_the_team(team, hooks)
        await register(team, "MutatingWebhookConfiguration", hooks, "/label")
        await register(team, "ValidatingWebhookConfiguration", hooks, "/refuse")

        made = await team.create(core_v1.CONFIG_MAPS, {"metadata": {"name": "full"}, "data": {"a": "b"}})
        refused = await refusal(team.create(core_v1.CONFIG_MAPS, {"metadata": {"name": "empty"}}))
        for kind, path in (("MutatingWebhookConfiguration", "label"), ("ValidatingWebhookConfiguration", "refuse")):
            name = f"{path}-{team.client.config.namespace}"
            await team.client.resource(configurations(team, kind)).delete(name)

    assert made["metadata"]["labels"] == {"seen": "yes"}
    assert refused.message == 'admission webhook "refuse.example.com" denied the request: it is empty'


@without
async def test_the_set_of_1_6_asks_no_webhook(team: Team) -> None:
    async with webhook_server() as hooks:
        for_the_team(team, hooks)
        await register(team, "ValidatingWebhookConfiguration", hooks, "/refuse")

        await team.create(core_v1.CONFIG_MAPS, {"metadata": {"name": "empty"}})

    assert hooks.requests == []


@pytest.mark.parametrize("team", [(OLD, "1.8")], indirect=True)
async def test_a_server_of_1_8_has_no_webhooks_that_a_chain_could_ask(team: Team) -> None:
    refused = await refusal(team.client.resource(configurations(team, "ValidatingWebhookConfiguration")).list().page())

    assert refused.code == 404


@on_each
async def test_a_namespace_goes_with_its_pods_and_its_account(team: Team) -> None:
    accounts, namespace = team.client.resource(core_v1.SERVICE_ACCOUNTS), team.client.config.namespace
    await team.create(core_v1.PODS, pod())
    await wait_for(accounts, "default", exists(), timeout=SECONDS)

    await team.client.resource(core_v1.NAMESPACES).delete(namespace)

    await wait_for(team.client.resource(core_v1.NAMESPACES), namespace, deleted(), timeout=SECONDS)
    assert not (await accounts.list()).items
