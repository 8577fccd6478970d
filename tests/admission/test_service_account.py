"""ServiceAccount, with the controller that makes ``default``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal, serving

from steersman.admission import service_account
from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes
from steersman.client import Client
from steersman.client.kinds import core_v1
from steersman.client.rest import retry
from steersman.client.wait import wait_for
from steersman.controllers.service_account import SERVICE_ACCOUNTS
from steersman.controlplane import ControlPlane

PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


async def account(client: Client, name: str = "builder", **more: Any) -> None:
    await client.resource(SERVICE_ACCOUNTS).create({"metadata": {"name": name}, **more})


async def create(client: Client, **spec: Any) -> Any:
    return await client.resource(core_v1.PODS).create(pod(**spec))


async def test_a_pod_right_after_its_namespace_runs_as_the_default_account() -> None:
    async with serving("NamespaceLifecycle", "ServiceAccount") as client:
        await client.resource(core_v1.NAMESPACES).create({"metadata": {"name": "team"}})
        made: Any = await client.resource(core_v1.PODS).create(pod(), namespace="team")

    assert made["spec"]["serviceAccountName"] == "default"
    [volume] = made["spec"]["volumes"]
    [mount] = made["spec"]["containers"][0]["volumeMounts"]
    assert volume["name"].startswith("kube-api-access-")
    assert [next(iter(one)) for one in volume["projected"]["sources"]] == [
        "serviceAccountToken",
        "configMap",
        "downwardAPI",
    ]
    assert mount == {"name": volume["name"], "readOnly": True, "mountPath": PATH}


async def test_a_default_account_that_is_deleted_is_made_again() -> None:
    async with serving("NamespaceLifecycle", "ServiceAccount") as client:
        await create(client)
        await client.resource(SERVICE_ACCOUNTS).delete("default")

        await client.resource(core_v1.PODS).create(pod("second"))


class Holds:
    """Lets nothing of this kind be made until ``free`` is set, or the block is left."""

    name, operations = "Holds", frozenset((CREATE,))

    def __init__(self, resource: GroupResource) -> None:
        self.resources = frozenset((resource,))
        self.free = asyncio.Event()

    async def admit(self, _: Attributes) -> None:
        await self.free.wait()

    async def __aenter__(self) -> None:
        """Nothing is to be done."""

    async def __aexit__(self, *_: object) -> None:
        self.free.set()


@asynccontextmanager
async def holding() -> AsyncIterator[tuple[Client, Holds]]:
    holds = Holds(SERVICE_ACCOUNTS.group_resource)
    options = AdmissionOptions(control=("ServiceAccount",), extra=(holds,))
    async with ControlPlane(admission=options) as server, Client(server.client_config()) as client, holds:
        yield client, holds


async def test_a_pod_waits_until_its_account_is_there() -> None:
    async with holding() as (client, holds), asyncio.timeout(30):
        creating = asyncio.create_task(create(client))
        answered, _ = await asyncio.wait([creating], timeout=0.05)
        holds.free.set()
        made = await creating

    assert not answered
    assert made["spec"]["serviceAccountName"] == "default"


async def test_a_pod_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_account, "WAIT_SECONDS", 0.01)
    async with holding() as (client, _):
        refused = await refusal(create(client))

    assert refused.message.endswith('default/default: serviceaccounts "default" not found')


@pytest.mark.parametrize(
    ("of_account", "of_pod", "mounted"),
    [(None, None, True), (False, None, False), (False, True, True), (True, False, False)],
)
async def test_who_wants_no_token_gets_none(of_account: Any, of_pod: Any, mounted: bool) -> None:
    async with serving("ServiceAccount") as client:
        wish = {} if of_account is None else {"automountServiceAccountToken": of_account}
        await account(client, **wish)
        spec = {} if of_pod is None else {"automountServiceAccountToken": of_pod}

        made = await create(client, serviceAccountName="builder", **spec)

    assert bool(made["spec"].get("volumes")) is mounted


async def test_pull_secrets_are_the_accounts_unless_the_pod_has_its_own() -> None:
    async with serving("ServiceAccount") as client:
        await account(client, imagePullSecrets=[{"name": "registry"}])

        made = await create(client, serviceAccountName="builder")
        written = pod("own", serviceAccountName="builder", imagePullSecrets=[{"name": "mine"}])
        own: Any = await client.resource(core_v1.PODS).create(written)

    assert made["spec"]["imagePullSecrets"] == [{"name": "registry"}]
    assert own["spec"]["imagePullSecrets"] == [{"name": "mine"}]


async def test_what_is_mounted_there_already_stays() -> None:
    mount = {"name": "v", "mountPath": PATH}
    containers = [{"name": "web", "image": "nginx", "volumeMounts": [mount]}]
    async with serving("ServiceAccount") as client:
        await account(client)

        volumes = [{"name": "v", "emptyDir": {}}]
        made = await create(client, serviceAccountName="builder", containers=containers, volumes=volumes)

    assert made["spec"]["volumes"] == volumes
    assert made["spec"]["containers"][0]["volumeMounts"] == [mount]


NO_TOKEN = (
    'No API token found for service account "builder", retry after the token is automatically created and added to the'
    " service account"
)


async def tokens_of(client: Client, name: str) -> Any:
    """The account, as soon as a Secret with a token is listed in it."""
    return await wait_for(client.resource(SERVICE_ACCOUNTS), name, lambda one: bool(one.get("secrets")), timeout=30)


async def secret(client: Client, name: str, uid: str, kind: str = "kubernetes.io/service-account-token") -> None:
    annotations = {"kubernetes.io/service-account.name": "builder", "kubernetes.io/service-account.uid": uid}
    body: Any = {"metadata": {"name": name, "annotations": annotations}, "type": kind}
    await client.resource(core_v1.SECRETS).create(body)


async def test_before_1_21_the_token_is_a_secret_that_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_account, "WAIT_SECONDS", 30)
    monkeypatch.setattr(retry, "MAX_RETRIES", 0)
    holds = Holds(core_v1.SECRETS.group_resource)
    async with serving("ServiceAccount", extra=(holds,), version="1.9") as client, holds:
        await account(client, secrets=[{"name": "gone"}])

        creating = asyncio.create_task(create(client, serviceAccountName="builder"))
        answered, _ = await asyncio.wait([creating], timeout=0.05)
        holds.free.set()
        made = await creating

    assert not answered
    [volume] = made["spec"]["volumes"]
    [mount] = made["spec"]["containers"][0]["volumeMounts"]
    assert volume["secret"] == {"secretName": volume["name"], "defaultMode": 0o644}
    assert volume["name"].startswith("builder-token-")
    assert mount == {"name": volume["name"], "readOnly": True, "mountPath": PATH}


async def test_the_first_secret_that_is_listed_and_has_the_accounts_token() -> None:
    async with serving("ServiceAccount", version="1.20") as client:
        await account(client)
        builder = await tokens_of(client, "builder")
        uid = builder["metadata"]["uid"]
        await secret(client, "opaque", uid, kind="Opaque")
        await secret(client, "stale", "that-of-another")
        await secret(client, "first.token", uid)
        names = ["opaque", "stale", "first.token", builder["secrets"][0]["name"]]
        await client.resource(SERVICE_ACCOUNTS).patch("builder", {"secrets": [{"name": name} for name in names]})

        made = await create(client, serviceAccountName="builder")

    assert [one["secret"]["secretName"] for one in made["spec"]["volumes"]] == ["first.token"]
    assert made["spec"]["volumes"][0]["name"] == "first-token"


@pytest.mark.parametrize("is_the_token", [True, False])
async def test_volumes_that_are_there_keep_their_names(is_the_token: bool) -> None:
    async with serving("ServiceAccount", version="1.20") as client:
        await account(client)
        token = (await tokens_of(client, "builder"))["secrets"][0]["name"]
        own = {"name": "v", "secret": {"secretName": token}} if is_the_token else {"name": token, "emptyDir": {}}

        made = await create(client, serviceAccountName="builder", volumes=[own])

    [mount] = made["spec"]["containers"][0]["volumeMounts"]
    assert len(made["spec"]["volumes"]) == (1 if is_the_token else 2)
    assert mount["name"] == made["spec"]["volumes"][-1]["name"]
    assert made["spec"]["volumes"][0]["name"] == own["name"]


@pytest.mark.parametrize("of_pod", [{}, {"automountServiceAccountToken": False}])
async def test_before_1_21_no_pod_is_created_without_the_token_that_it_wants(
    monkeypatch: pytest.MonkeyPatch, of_pod: Any
) -> None:
    monkeypatch.setattr(service_account, "WAIT_SECONDS", 0.01)
    holds = Holds(core_v1.SECRETS.group_resource)
    async with serving("ServiceAccount", extra=(holds,), version="1.20") as client, holds:
        await account(client)
        creating = create(client, serviceAccountName="builder", **of_pod)
        if of_pod:
            assert "volumes" not in (await creating)["spec"]
            return
        # A client that does as it is told would try again.
        monkeypatch.setattr(retry, "MAX_RETRIES", 0)
        refused = await refusal(creating)

    assert (refused.code, refused.reason, refused.message) == (500, "ServerTimeout", NO_TOKEN)
    assert refused.details == {"name": "create pod", "kind": "serviceaccounts", "retryAfterSeconds": 1}
    assert ("retry-after", "1") in refused.headers


async def test_an_account_that_is_not_there_is_refused() -> None:
    async with serving("ServiceAccount") as client:
        refused = await refusal(create(client, serviceAccountName="nobody"))

    assert (refused.code, refused.message) == (
        403,
        'pods "web" is forbidden: error looking up service account default/nobody: serviceaccounts "nobody" not found',
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"serviceAccountName": "x"}, "a mirror pod may not reference service accounts"),
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, "a mirror pod may not reference secrets"),
        (
            {"volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]},
            "a mirror pod may not use ServiceAccountToken volume projections",
        ),
        ({}, ""),
    ],
)
async def test_mirror_pods_refer_to_nothing(spec: Any, message: str) -> None:
    written = pod(annotations={"kubernetes.io/config.mirror": "x"}, nodeName="a", **spec)
    async with serving("ServiceAccount") as client:
        pods = client.resource(core_v1.PODS)
        if not message:
            made: Any = await pods.create(written)
            assert "serviceAccountName" not in made["spec"]
            return
        refused = await refusal(pods.create(written))

    assert refused.message == f'pods "web" is forbidden: {message}'


def with_env(**source: Any) -> Any:
    return {"containers": [{"name": "web", "image": "nginx", **source}]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"volumes": [{"name": "v", "secret": {"secretName": "s"}}]},
            'volume with secret.secretName="s" is not allowed because service account builder does not reference that'
            " secret",
        ),
        (
            with_env(env=[{"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
            'container web with envVar E referencing secret.secretName="s" is not allowed because service account'
            " builder does not reference that secret",
        ),
        (
            with_env(envFrom=[{"secretRef": {"name": "s"}}]),
            'container web with envFrom referencing secret.secretName="s" is not allowed because service account'
            " builder does not reference that secret",
        ),
        (
            {"imagePullSecrets": [{"name": "s"}]},
            'imagePullSecrets[0].name="s" is not allowed because service account builder does not reference that'
            " imagePullSecret",
        ),
        ({"volumes": [{"name": "v", "secret": {"secretName": "mine"}}]}, ""),
    ],
)
async def test_only_the_accounts_secrets_where_that_is_enforced(spec: Any, message: str) -> None:
    enforced = {"name": "builder", "annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}
    async with serving("ServiceAccount") as client:
        await client.resource(SERVICE_ACCOUNTS).create({"metadata": enforced, "secrets": [{"name": "mine"}]})
        if not message:
            await create(client, serviceAccountName="builder", **spec)
            return
        refused = await refusal(create(client, serviceAccountName="builder", **spec))

    assert refused.message == f'pods "web" is forbidden: {message}'
