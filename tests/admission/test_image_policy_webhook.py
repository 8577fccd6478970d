import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from tests.admission.plugin_server import configured, pod, refusal, serving
from tests.admission.webhook.webhook_server import webhook_server

from steersman.admission.image_policy_webhook import ImagePolicyOptions, ImagePolicyWebhook
from steersman.admission.pod_spec import PODS
from steersman.apiserver.admission import Attributes
from steersman.client import Client
from steersman.client.kinds import core_v1

PLUGIN = "ImagePolicyWebhook"
Answer = Callable[[Any], Any]


class Backend:
    """Answers ImageReviews with what ``answer`` makes of their spec: a status of the review, or of HTTP."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.reviews: list[Any] = []
        self.authorizations: list[str | None] = []

    async def handle(self, http: web.Request) -> web.StreamResponse:
        review = await http.json()
        self.reviews.append(review)
        self.authorizations.append(http.headers.get("Authorization"))
        answered = self.answer(review["spec"])
        if isinstance(answered, web.Response):
            return answered
        return web.json_response({**review, "status": answered})

    @property
    def asked(self) -> list[Any]:
        return [review["spec"] for review in self.reviews]


@asynccontextmanager
async def backend(answer: Answer, directory: Path, **user: str) -> AsyncIterator[tuple[Backend, Path]]:
    """A real HTTPS server, and a kubeconfig file that leads to it."""
    made = Backend(answer)
    async with webhook_server(handler=made.handle) as server:
        authority = base64.b64encode(server.ca).decode()
        cluster = {"server": f"{server.url}/review", "certificate-authority-data": authority}
        yield made, kubeconfig(directory, cluster, user)


def kubeconfig(directory: Path, cluster: Any, user: Any) -> Path:
    file = directory / "kubeconfig"
    document = {
        "clusters": [{"name": "images", "cluster": cluster}],
        "users": [{"name": "server", "user": user}],
        "contexts": [{"name": "images", "context": {"cluster": "images", "user": "server"}}],
        "current-context": "images",
    }
    file.write_bytes(orjson.dumps(document))
    return file


@asynccontextmanager
async def reviewing(answer: Answer, directory: Path, **policy: Any) -> AsyncIterator[tuple[Client, Backend]]:
    """A client of a server that has its images reviewed."""
    async with backend(answer, directory, token="secret") as (made, file):
        policy = {"kubeConfigFile": str(file), "retryBackoff": 1, **policy}
        configuration = configured(directory, PLUGIN, {"imagePolicy": policy})
        async with serving(PLUGIN, configuration=configuration) as client:
            yield client, made


def allow(_: Any) -> Any:
    return {"allowed": True}


async def create(client: Client, name: str = "web", **spec: Any) -> Any:
    return await client.resource(core_v1.PODS).create(pod(name, **spec))


async def test_the_backend_is_told_of_images_annotations_and_the_namespace(tmp_path: Path) -> None:
    annotations = {"mine.image-policy.k8s.io/ticket": "7", "example.com/a": "b", "image-policy.k8s.io/x": "y"}
    async with reviewing(allow, tmp_path) as (client, made):
        written = pod(annotations=annotations, initContainers=[{"name": "first", "image": "busybox"}])
        await client.resource(core_v1.PODS).create(written)

    assert made.reviews == [
        {
            "apiVersion": "imagepolicy.k8s.io/v1alpha1",
            "kind": "ImageReview",
            "metadata": {},
            "spec": {
                "containers": [{"image": "nginx:1"}, {"image": "busybox"}],
                "annotations": {"mine.image-policy.k8s.io/ticket": "7"},
                "namespace": "default",
            },
            "status": {"allowed": False},
        }
    ]
    assert made.authorizations == ["Bearer secret"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            {"allowed": False, "reason": "nginx is old"},
            "image policy webhook backend denied one or more images: nginx is old",
        ),
        ({"allowed": False}, "one or more images rejected by webhook backend"),
        ({}, "one or more images rejected by webhook backend"),
    ],
)
async def test_what_the_backend_denies_is_refused(tmp_path: Path, status: Any, message: str) -> None:
    async with reviewing(lambda _: status, tmp_path) as (client, _):
        refused = await refusal(create(client))

    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {message}')


async def test_updates_are_reviewed(tmp_path: Path) -> None:
    def allow_known(spec: Any) -> Any:
        return {"allowed": all(one["image"].startswith("nginx") for one in spec["containers"])}

    async with reviewing(allow_known, tmp_path) as (client, made):
        await create(client)
        pods = client.resource(core_v1.PODS)
        await pods.patch("web", {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}})
        await pods.patch("web", {"status": {"phase": "Running"}}, subresource="status")
        changed = await refusal(pods.patch("web", {"spec": {"containers": [{"name": "web", "image": "evil"}]}}))

    sent = [[one["image"] for one in spec["containers"]] for spec in made.asked]
    assert sent == [["nginx:1"], ["nginx:2"], ["evil"]]
    assert changed.code == 403


async def test_of_ephemeral_containers_only_their_own_images_are(tmp_path: Path) -> None:
    async with reviewing(allow, tmp_path) as (client, made):
        await create(client)
        debug = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}}
        await client.resource(core_v1.PODS).patch("web", debug, subresource="ephemeralcontainers")

    assert [spec["containers"] for spec in made.asked] == [[{"image": "nginx:1"}], [{"image": "busybox"}]]


async def test_other_objects_are_left_alone(tmp_path: Path) -> None:
    async with reviewing(lambda _: {"allowed": False}, tmp_path) as (client, made):
        await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}})

    assert made.asked == []


@pytest.mark.parametrize(
    ("allowed", "policy", "asked"),
    [
        (True, {}, 1),
        (False, {}, 1),
        (True, {"allowTTL": -1}, 2),
        (False, {"allowTTL": -1}, 1),
        (False, {"denyTTL": -1}, 2),
        (True, {"denyTTL": -1}, 1),
    ],
)
async def test_answers_are_kept(tmp_path: Path, allowed: bool, policy: Any, asked: int) -> None:
    async with reviewing(lambda _: {"allowed": allowed}, tmp_path, **policy) as (client, made):
        for name in ("first", "second"):
            if allowed:
                await create(client, name)
            else:
                await refusal(create(client, name))

    assert len(made.asked) == asked


async def test_they_are_kept_for_as_long_as_was_said(tmp_path: Path) -> None:
    now = 0.0
    answers = iter((True, False, True))
    async with backend(lambda _: {"allowed": next(answers)}, tmp_path) as (made, file):
        plugin = ImagePolicyWebhook(ImagePolicyOptions(file, 20, 10, 0.001, False), lambda: now)
        async with serving(extra=(plugin,)) as client:
            await create(client, "first")
            now = 19.9
            await create(client, "allowed")
            now = 20.0
            await refusal(create(client, "denied"))
            now = 29.9
            await refusal(create(client, "denied"))
            now = 30.0
            await create(client, "again")

    assert len(made.asked) == 3


@pytest.mark.parametrize("code", [500, 429, 504])
async def test_a_failure_that_passes_is_tried_again(tmp_path: Path, code: int) -> None:
    answers: list[Any] = [web.Response(status=code), web.Response(status=code), {"allowed": True}]
    async with reviewing(lambda _: answers.pop(0), tmp_path) as (client, made):
        await create(client)

    assert len(made.asked) == 3


@pytest.mark.parametrize(("code", "tries"), [(404, 1), (503, 1), (500, 5)])
async def test_where_the_backend_fails_the_default_decides(tmp_path: Path, code: int, tries: int) -> None:
    async with reviewing(lambda _: web.Response(status=code), tmp_path) as (client, made):
        refused = await refusal(create(client))
    async with reviewing(lambda _: web.Response(status=code), tmp_path, defaultAllow=True) as (client, _):
        await create(client)

    assert refused.code == 403
    assert refused.message.startswith('pods "web" is forbidden: ')
    assert len(made.asked) == tries


@pytest.mark.parametrize(
    ("text", "told"), [("no", "the answer is no JSON object"), ('{"status": 3}', "is no ImageReview")]
)
async def test_an_answer_that_is_none_is_a_failure(tmp_path: Path, text: str, told: str) -> None:
    answer = web.Response(text=text, content_type="application/json")
    async with reviewing(lambda _: answer, tmp_path) as (client, _):
        assert told in (await refusal(create(client))).message


async def test_a_backend_whose_certificate_nobody_knows_is_not_believed(tmp_path: Path) -> None:
    async with webhook_server(handler=Backend(allow).handle) as server:
        file = kubeconfig(tmp_path, {"server": server.url}, {})
        configuration = configured(tmp_path, PLUGIN, {"imagePolicy": {"kubeConfigFile": str(file)}})
        async with serving(PLUGIN, configuration=configuration) as client:
            refused = await refusal(create(client))

    assert "tls: failed to verify certificate" in refused.message


async def test_what_the_backend_tells_goes_into_the_audit_log(tmp_path: Path) -> None:
    said: list[dict[str, str]] = []

    class Reads:
        name = "Reads"
        operations = frozenset(("CREATE",))
        resources = frozenset((PODS,))

        async def validate(self, attributes: Attributes) -> None:
            said.append(dict(attributes.annotations))

    answers: list[Any] = [{"allowed": True, "auditAnnotations": {"scanned": "yes"}}, web.Response(status=404)]
    async with backend(lambda _: answers.pop(0), tmp_path) as (_, file):
        plugin = ImagePolicyWebhook(ImagePolicyOptions(file, 0, 0, 0.001, True))
        async with serving(extra=(plugin, Reads())) as client:
            await create(client, "first")
            await create(client, "second")

    prefix = "imagepolicywebhook.image-policy.k8s.io/"
    assert said == [{f"{prefix}scanned": "yes"}, {f"{prefix}failed-open": "true"}]


async def test_many_pods_are_reviewed_at_once(tmp_path: Path) -> None:
    async with reviewing(allow, tmp_path, allowTTL=-1) as (client, made):
        await asyncio.gather(*(create(client, f"pod-{at}") for at in range(20)))

    assert len(made.asked) == 20


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({}, "the configuration must have imagePolicy, and nothing else"),
        ({"imagePolicy": {}}, "imagePolicy.kubeConfigFile: Required value"),
        ({"imagePolicy": {"kubeConfigFile": "x", "a": 1}}, 'imagePolicy: unknown field "a"'),
        (
            {"imagePolicy": {"kubeConfigFile": "x", "allowTTL": 1801}},
            "imagePolicy.allowTTL: valid value is between 1 and 1800, got 1801",
        ),
        (
            {"imagePolicy": {"kubeConfigFile": "x", "retryBackoff": "1s"}},
            "imagePolicy.retryBackoff: valid value is between 1 and 300000, got 1s",
        ),
        (
            {"imagePolicy": {"kubeConfigFile": "x", "defaultAllow": "yes"}},
            "imagePolicy.defaultAllow: must be true or false",
        ),
        ({"imagePolicy": {"kubeConfigFile": "/nowhere/at/all"}}, "/nowhere/at/all"),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, configuration: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"^ImagePolicyWebhook: ") as raised:
        async with serving(PLUGIN, configuration=configured(tmp_path, PLUGIN, configuration)):
            pass

    assert message in str(raised.value)


async def test_the_backend_must_be_called_over_https(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, {"server": "http://127.0.0.1:1"}, {})
    with pytest.raises(ValueError, match="must be called over HTTPS"):
        ImagePolicyWebhook(ImagePolicyOptions(file, 1, 1, 1, False))
