import base64
import json
from typing import Any

import pytest
from tests.admission.webhook.front import front
from tests.admission.webhook.webhook_server import WebhookServer, allow, deny, patch, webhook_server

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission import Attributes
from steersman.client.kinds import apps_v1, core_v1

LABEL = {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}


def set_data(key: str, value: str) -> Any:
    return {"op": "add", "path": "/data", "value": {key: value}}


def text(*operations: Any) -> str:
    return base64.b64encode(json.dumps(operations).encode()).decode()


async def test_a_patch_changes_what_is_stored() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/label", lambda request: patch(request, LABEL))
        await api.mutating(hooks.webhook("/label"))

        made = await api.create()

    assert made["metadata"]["labels"] == {"a": "b"}


async def test_each_sees_what_those_before_it_did() -> None:
    async with front() as api, webhook_server() as hooks:
        for path in ("/first", "/second", "/third"):
            hooks.on(path, lambda request, path=path: patch(request, _append(request, path)))  # type: ignore[misc]
        await api.mutating(hooks.webhook("/third"), name="b")
        await api.mutating(hooks.webhook("/second"), hooks.webhook("/first"), name="a")

        made = await api.create(data={"order": ""})

    assert made["data"] == {"order": "/second/first/third"}


def _append(request: Any, word: str) -> Any:
    return {"op": "replace", "path": "/data/order", "value": request["object"]["data"]["order"] + word}


async def test_the_first_refusal_ends_it() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/no", lambda request: deny(request, message="not today"))
        hooks.on("/never", lambda request: allow(request))
        await api.mutating(hooks.webhook("/no"), hooks.webhook("/never"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message == 'admission webhook "no.example.com" denied the request: not today'
    assert hooks.calls("/never") == []


async def test_a_patched_object_gets_its_defaults_and_loses_unknown_fields() -> None:
    container = {"name": "sidecar", "image": "sidecar:1", "unknown": True}
    async with front() as api, webhook_server() as hooks:
        hooks.on(
            "/pod", lambda request: patch(request, {"op": "add", "path": "/spec/containers/-", "value": container})
        )
        rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
        await api.mutating(hooks.webhook("/pod", rules=[rule]))

        pod = await api.client.resource(core_v1.PODS).create(
            {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        )

    sidecar: Any = pod["spec"]["containers"][1]
    assert sidecar["terminationMessagePath"] == "/dev/termination-log"
    assert "unknown" not in sidecar


APPLIED = "Internal error occurred: "
CALLED = 'Internal error occurred: failed calling webhook "bad.example.com": '


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ([{"op": "remove", "path": "/data/none"}], f"{APPLIED}remove operation does not apply: doc is missing path"),
        ([{"op": "test", "path": "/metadata/name", "value": "y"}], f"{APPLIED}testing value /metadata/name failed"),
        ([{"op": "jump", "path": "/data"}], f"{APPLIED}Unexpected kind"),
        ([{"op": "add", "path": "/data", "value": ["a"]}], f"{APPLIED}json: cannot unmarshal array into Go struct"),
        ([{"op": "remove", "path": "/kind"}], f"{APPLIED}Object 'Kind' is missing in"),
        (
            [{"op": "replace", "path": "/kind", "value": "Secret"}],
            f'{APPLIED}no kind "Secret" is registered for version',
        ),
        (
            [{"op": "replace", "path": "/metadata/namespace", "value": "other"}],
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            [{"op": "replace", "path": "/metadata/name", "value": "y"}],
            'ConfigMap "x" is invalid: metadata.name: Invalid value: "y": field is immutable',
        ),
        (["garbage"], f"{CALLED}received undecodable patch in webhook response: json: cannot unmarshal string"),
    ],
)
async def test_a_patch_that_cannot_be(operations: Any, message: str) -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/bad", lambda request: patch(request, *operations))
        await api.mutating(hooks.webhook("/bad"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message.startswith(message)


async def test_what_only_the_server_says_stays_as_it_is() -> None:
    async with front() as api, webhook_server() as hooks:
        changes = [
            {"op": "replace", "path": "/metadata/uid", "value": "mine"},
            {"op": "replace", "path": "/metadata/creationTimestamp", "value": "2001-01-01T00:00:00Z"},
            set_data("a", "b"),
        ]
        hooks.on("/mine", lambda request: patch(request, *changes))
        await api.mutating(hooks.webhook("/mine"))

        made = await api.create()

    assert made["metadata"]["uid"] != "mine"
    assert not str(made["metadata"]["creationTimestamp"]).startswith("2001")
    assert made["data"] == {"a": "b"}


async def test_another_uid_in_an_update_is_refused() -> None:
    async with front() as api, webhook_server() as hooks:
        await api.create()
        hooks.on("/uid", lambda request: patch(request, {"op": "replace", "path": "/metadata/uid", "value": "mine"}))
        await api.mutating(hooks.webhook("/uid"))

        with pytest.raises(ApiError) as refusal:
            await api.client.resource(core_v1.CONFIG_MAPS).patch("x", {"data": {"a": "b"}})

    assert (refusal.value.code, refusal.value.reason) == (422, "Invalid")
    assert 'metadata.uid: Invalid value: "mine": field is immutable' in refusal.value.message


async def test_a_deletion_cannot_be_patched() -> None:
    async with front() as api, webhook_server() as hooks:
        await api.create()
        hooks.on("/gone", lambda request: patch(request, LABEL))
        rule = {"operations": ["DELETE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
        await api.mutating(hooks.webhook("/gone", rules=[rule]))

        with pytest.raises(ApiError) as refusal:
            await api.client.resource(core_v1.CONFIG_MAPS).delete("x")

    assert refusal.value.message == (
        'Internal error occurred: admission webhook "gone.example.com" attempted to modify the object,'
        " which is not supported for this operation"
    )
    assert hooks.calls("/gone")[0]["object"] is None
    assert hooks.calls("/gone")[0]["oldObject"]["metadata"]["name"] == "x"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"patch": text(LABEL)}, "webhook returned response.patch but not response.patchType"),
        ({"patchType": "JSONPatch"}, "webhook returned response.patchType but not response.patch"),
        ({"patch": text(LABEL), "patchType": ""}, 'webhook returned invalid response.patchType of ""'),
    ],
)
async def test_patch_and_its_type_come_together(response: Any, message: str) -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/half", lambda request: allow(request, **response))
        await api.mutating(hooks.webhook("/half"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message == (
        'Internal error occurred: failed calling webhook "half.example.com": received invalid webhook response:'
        f" {message}"
    )


async def test_only_json_patches_are_known() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/merge", lambda request: allow(request, patch=text(LABEL), patchType="MergePatch"))
        await api.mutating(hooks.webhook("/merge"))

        with pytest.raises(ApiError) as refusal:
            await api.create()

    assert refusal.value.message.endswith(
        'failed calling webhook "merge.example.com": unsupported patch type "MergePatch"'
    )


async def test_v1beta1_reviews_name_no_uid_and_no_patch_type() -> None:
    def answer(request: Any) -> Any:
        return {"response": {"allowed": True, "patch": text(LABEL)}}

    async with front() as api, webhook_server() as hooks:
        hooks.on("/old", answer)
        await api.mutating(hooks.webhook("/old", admissionReviewVersions=["v3", "v1beta1", "v1"]))

        made = await api.create()

    assert made["metadata"]["labels"] == {"a": "b"}


async def test_an_empty_patch_changes_nothing() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/empty", lambda request: allow(request, patch=text(), patchType="JSONPatch"))
        await api.mutating(hooks.webhook("/empty"))

        assert "labels" not in (await api.create())["metadata"]


def _count(request: Any) -> Any:
    data = request["object"].get("data") or {}
    return {"op": "add", "path": "/data", "value": {**data, "calls": data.get("calls", "") + "."}}


@pytest.mark.parametrize(
    ("policies", "calls"),
    [
        # The second changes what the first has seen: the first alone is asked again.
        ({"/first": "IfNeeded", "/second": "Never"}, {"/first": 2, "/second": 1}),
        ({"/first": "Never", "/second": "IfNeeded"}, {"/first": 1, "/second": 1}),
        # Asked again, the first changes it once more: so is the second, and that is the end.
        ({"/first": "IfNeeded", "/second": "IfNeeded"}, {"/first": 2, "/second": 2}),
    ],
)
async def test_webhooks_are_asked_again_once_where_the_object_changed_after_them(
    policies: dict[str, str], calls: dict[str, int]
) -> None:
    async with front() as api, webhook_server() as hooks:
        for path in policies:
            hooks.on(path, lambda request: patch(request, _count(request)))
        await api.mutating(*(hooks.webhook(path, reinvocationPolicy=policy) for path, policy in policies.items()))

        await api.create()

    assert {path: len(hooks.calls(path)) for path in policies} == calls


async def test_webhooks_that_change_nothing_are_asked_once() -> None:
    async with front() as api, webhook_server() as hooks:
        for path in ("/first", "/second"):
            hooks.on(path, lambda request: patch(request, LABEL))
        await api.mutating(*(hooks.webhook(path, reinvocationPolicy="IfNeeded") for path in ("/first", "/second")))

        await api.create(metadata={"labels": {"a": "b"}})

    assert (len(hooks.calls("/first")), len(hooks.calls("/second"))) == (1, 1)


class Later:
    """A plugin after the webhooks that changes the object, and says so."""

    name, operations, resources = "Later", frozenset(("CREATE",)), None

    def admit(self, attributes: Attributes) -> None:
        if attributes.object is not None and attributes.resource.plural == "configmaps":
            attributes.object["data"] = {"later": "yes"}
            attributes.wants_reinvocation = True


async def test_webhooks_are_asked_again_after_another_plugins_change() -> None:
    async with front(AdmissionOptions(extra=(Later(),))) as api, webhook_server() as hooks:
        hooks.on("/again", lambda request: allow(request))
        hooks.on("/once", lambda request: allow(request))
        await api.mutating(hooks.webhook("/again", reinvocationPolicy="IfNeeded"), hooks.webhook("/once"))

        await api.create()

    assert [request["object"].get("data") for request in hooks.calls("/again")] == [None, {"later": "yes"}]
    assert len(hooks.calls("/once")) == 1


class Listens:
    """Keeps the audit annotations of what passes."""

    name, operations, resources = "Listens", frozenset(("CREATE",)), None

    def __init__(self) -> None:
        self.annotations: dict[str, str] = {}

    def validate(self, attributes: Attributes) -> None:
        self.annotations.update(attributes.annotations)


async def test_audit_annotations_tell_of_mutations() -> None:
    listens = Listens()
    async with front(AdmissionOptions(extra=(listens,))) as api, webhook_server() as hooks:
        hooks.on("/a", lambda request: patch(request, LABEL))
        hooks.on("/b", lambda request: allow(request, auditAnnotations={"why": "because"}))
        await api.mutating(hooks.webhook("/a"), hooks.webhook("/b"))

        await api.create()

    prefix = "mutation.webhook.admission.k8s.io/round_0_index_"
    assert json.loads(listens.annotations[f"{prefix}0"]) == {
        "configuration": "test",
        "webhook": "a.example.com",
        "mutated": True,
    }
    assert json.loads(listens.annotations[f"{prefix}1"])["mutated"] is False
    assert listens.annotations["b.example.com/why"] == "because"


TEMPLATE: Any = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}


async def test_only_the_status_subresource_writes_the_status_and_nothing_else() -> None:
    changes = [
        {"op": "add", "path": "/status", "value": {"replicas": 9}},
        {"op": "replace", "path": "/spec/replicas", "value": 5},
    ]
    resources = ["deployments", "deployments/status"]
    rule = {"operations": ["*"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": resources}
    async with front() as api, webhook_server() as hooks:
        hooks.on("/both", lambda request: patch(request, *changes))
        await api.mutating(hooks.webhook("/both", rules=[rule]))
        deployments = api.client.resource(apps_v1.DEPLOYMENTS)

        spec: Any = {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE, "replicas": 1}
        created = await deployments.create({"metadata": {"name": "x"}, "spec": spec})
        updated = await deployments.patch("x", {"spec": {"replicas": 2}})
        status = await deployments.patch("x", {"status": {"replicas": 1}}, subresource="status")

    shown = [
        (one.get("status"), one["spec"].get("replicas"), one["metadata"].get("generation"))
        for one in (created, updated, status)
    ]
    assert shown == [(None, 5, 1), (None, 5, 1), ({"replicas": 9}, 5, 1)]


async def test_a_change_of_the_spec_is_a_new_generation() -> None:
    rule = {"operations": ["UPDATE"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
    async with front() as api, webhook_server() as hooks:
        deployments = api.client.resource(apps_v1.DEPLOYMENTS)
        spec: Any = {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}
        await deployments.create({"metadata": {"name": "x"}, "spec": spec})
        hooks.on("/grow", lambda request: patch(request, {"op": "replace", "path": "/spec/replicas", "value": 5}))
        await api.mutating(hooks.webhook("/grow", rules=[rule]))

        labelled = await deployments.patch("x", {"metadata": {"labels": {"a": "b"}}})

    assert (labelled["spec"].get("replicas"), labelled["metadata"].get("generation")) == (5, 2)


async def _scale(hooks: WebhookServer, api: Any) -> Any:
    deployments = api.client.resource(apps_v1.DEPLOYMENTS)
    await deployments.create(
        {"metadata": {"name": "x"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": TEMPLATE}}
    )
    rule = {"operations": ["UPDATE"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments/scale"]}
    await api.mutating(hooks.webhook("/scale", rules=[rule]))
    path = "/apis/apps/v1/namespaces/default/deployments/x/scale"
    merge = "application/merge-patch+json"
    answer = await api.client.rest.request("PATCH", path, body=b'{"spec":{"replicas":3}}', content_type=merge)
    return json.loads(answer.body)


async def test_a_subresource_is_sent_and_patched_as_what_it_is() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on("/scale", lambda request: patch(request, {"op": "replace", "path": "/spec/replicas", "value": 5}))

        scale = await _scale(hooks, api)

    (request,) = hooks.calls("/scale")
    assert request["kind"] == {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    assert (request["subResource"], request["object"]["kind"]) == ("scale", "Scale")
    assert (request["oldObject"]["spec"]["replicas"], request["object"]["spec"]["replicas"]) == (1, 3)
    assert scale["spec"]["replicas"] == 5
