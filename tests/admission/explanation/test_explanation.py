"""Writes with ``dryRun=All&explain=true``: what each plugin did, and what the write would have come to."""

from dataclasses import replace
from typing import Any

import aiohttp
import orjson
import pytest
from tests.admission.explanation.reading import config_map, deployments, maps, patches, pods, said
from tests.admission.plugin_server import pod, serving

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.json_patch import JSONPatch
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.observed import Observed
from steersman.apiserver.http.message import Connection, PeerCertificate, Request
from steersman.client import Client, PatchType
from steersman.client.kinds import apps_v1, core_v1
from steersman.controlplane import ControlPlane

CONFIG_MAPS = GroupResource("", "configmaps")
PATH = "/api/v1/namespaces/default/configmaps"
EXPLAINED = {"dryRun": "All", "explain": "true"}
POD = {"containers": [{"name": "web", "image": "nginx:1"}]}


class Plugin:
    """About ConfigMaps; does what their data tells it to do, in the phase that is asked for."""

    name = "Obedient"
    operations = frozenset(("CREATE", "UPDATE", "DELETE"))
    resources = frozenset((CONFIG_MAPS,))

    def admit(self, attributes: Attributes) -> None:
        obj: Any = attributes.object
        order = self._order(attributes, "admit")
        if order == "change":
            obj["metadata"].setdefault("labels", {})["seen"] = "yes"
            del obj["data"]["admit"]
        if order == "again":
            obj["metadata"].setdefault("annotations", {})["round"] = str(int(attributes.reinvoked))
            attributes.wants_reinvocation = True

    def validate(self, attributes: Attributes) -> None:
        self._order(attributes, "validate")
        attributes.warnings.append("looked at")
        attributes.add_annotation("example.com/looked", "yes")

    def _order(self, attributes: Attributes, phase: str) -> str:
        order = ((attributes.object or attributes.old_object or {}).get("data") or {}).get(phase) or ""
        if order == "refuse":
            raise forbidden(CONFIG_MAPS, attributes.name, f"told to in {phase}")
        if order == "break":
            raise LookupError("nobody may see this")
        return str(order)


def chain() -> Any:
    return serving("NamespaceLifecycle", extra=[Plugin()])


LOOKED = (
    "Plugin",
    "Obedient",
    "Validating",
    {"warnings": ["looked at"], "auditAnnotations": {"example.com/looked": "yes"}},
)


async def test_the_default_chain_tells_what_it_gives_a_pod() -> None:
    async with serving("NamespaceLifecycle", "Priority", "DefaultTolerationSeconds") as client:
        told = await pods(client).create(pod())
        plain = await client.resource(core_v1.PODS).create(pod(), dry_run=True)

    assert (told["kind"], told["apiVersion"], told["allowed"]) == (
        "AdmissionExplanation",
        "admission.steersman.dev/v1",
        True,
    )
    assert told["request"] == {
        "operation": "CREATE",
        "group": "",
        "version": "v1",
        "resource": "pods",
        "namespace": "default",
        "name": "web",
        "user": "system:apiserver",
    }
    assert [(step["name"], step["phase"]) for step in told["steps"]] == [
        ("NamespaceLifecycle", "Mutating"),
        ("Priority", "Mutating"),
        ("DefaultTolerationSeconds", "Mutating"),
        ("Priority", "Validating"),
    ]
    priority, tolerations = said(told)
    assert {one["path"] for one in priority.said["patch"]} == {"/spec/priority", "/spec/preemptionPolicy"}
    assert [(one["op"], one["path"]) for one in tolerations.said["patch"]] == [("add", "/spec/tolerations")]
    assert told["result"]["spec"] == plain["spec"]
    assert all(type(step["durationMicroseconds"]) is int for step in (told, *told["steps"]))


async def test_the_patches_one_after_the_other_lead_from_what_was_sent_to_what_would_be_stored() -> None:
    async with chain() as client:
        told = await maps(client).create(config_map(admit="change", kept="1"))

    assert JSONPatch.parse(patches(told)).apply(config_map(admit="change", kept="1"))["data"] == {"kept": "1"}
    assert said(told) == [
        (
            "Plugin",
            "Obedient",
            "Mutating",
            {
                "patch": [
                    {"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}},
                    {"op": "remove", "path": "/data/admit"},
                ]
            },
        ),
        LOOKED,
    ]


async def test_a_second_round_is_told_as_such() -> None:
    async with chain() as client:
        told = await maps(client).create(config_map(admit="again"))

    rounds = [(step["name"], step["reinvoked"], step.get("patch")) for step in told["steps"] if "reinvoked" in step]
    assert rounds == [
        ("NamespaceLifecycle", True, None),
        ("Obedient", True, [{"op": "replace", "path": "/metadata/annotations/round", "value": "1"}]),
    ]


@pytest.mark.parametrize(("phase", "name"), [("admit", "Mutating"), ("validate", "Validating")])
async def test_a_refusal_ends_it(phase: str, name: str) -> None:
    async with chain() as client:
        told = await maps(client).create(config_map(**{phase: "refuse"}))

    assert (told["allowed"], told["refusedBy"]) == (False, {"type": "Plugin", "name": "Obedient", "phase": name})
    assert told["result"]["message"] == f'configmaps "x" is forbidden: told to in {phase}'
    assert told["steps"][-1]["refusal"] == told["result"]
    phases = ["Mutating", "Mutating"] if phase == "admit" else ["Mutating", "Mutating", "Validating"]
    assert [step["phase"] for step in told["steps"]] == phases


async def test_a_plugin_that_fails_is_told_without_why() -> None:
    async with chain() as client:
        told = await maps(client).create(config_map(admit="break"))

    assert told["refusedBy"] == {"type": "Plugin", "name": "Obedient", "phase": "Mutating"}
    assert told["steps"][-1]["refusal"] == told["result"]
    assert told["result"]["code"] == 500
    assert "nobody" not in str(told)


async def test_validation_refuses_between_the_phases() -> None:
    async with chain() as client:
        told = await maps(client).create(config_map("No Name"))

    assert (told["allowed"], told["refusedBy"]) == (False, {"type": "Validation"})
    assert told["result"]["reason"] == "Invalid"
    assert {step["phase"] for step in told["steps"]} == {"Mutating"}


async def test_what_is_wrong_before_admission_is_told_too() -> None:
    async with chain() as client:
        made = await client.resource(core_v1.CONFIG_MAPS).create(config_map())
        applied = {**config_map(a="1"), "apiVersion": "v1", "kind": "ConfigMap"}
        await client.resource(core_v1.CONFIG_MAPS).apply(applied, field_manager="one", force=True)
        applied["data"]["a"] = "2"
        stale = {**config_map(), "metadata": {"name": "x", "resourceVersion": "1"}}
        refused = [
            (await maps(client).create(config_map()), "Conflict", "AlreadyExists"),
            (await maps(client).update(stale), "Conflict", "Conflict"),
            (await maps(client).update(config_map("y")), "NotFound", "NotFound"),
            (await maps(client).patch("x", [{"op": "jump"}], type=PatchType.JSON), "Request", "BadRequest"),
            (await maps(client).apply(applied, field_manager="another"), "Conflict", "Conflict"),
            (await maps(client).delete("y"), "NotFound", "NotFound"),
            (await maps(client).delete("x", uid="other"), "Conflict", "Conflict"),
        ]

    assert made["metadata"]["resourceVersion"] != "1"
    found = [(told["refusedBy"], told["result"]["reason"]) for told, _, _ in refused]
    assert found == [({"type": by}, reason) for _, by, reason in refused]


async def test_an_object_without_a_name_gets_one() -> None:
    async with chain() as client:
        told = await request(client, "POST", PATH, {"metadata": {"generateName": "x-"}}, **EXPLAINED)

    assert told["request"]["name"] == told["result"]["metadata"]["name"] != ""


async def request(client: Client, method: str, path: str, body: Any = None, **query: str) -> Any:
    answer = await client.rest.request(method, path, query=query, body=orjson.dumps(body) if body else b"")
    return orjson.loads(answer.body)


async def test_updates_of_all_kinds() -> None:
    change, fields = {"data": {"admit": "change", "a": "2"}}, {"apiVersion": "v1", "kind": "ConfigMap"}
    async with chain() as client:
        live = await client.resource(core_v1.CONFIG_MAPS).create(config_map(a="1"))
        explained = maps(client)
        told = [
            await explained.update({**live, **change}),
            await explained.patch("x", change),
            await explained.patch("x", change, type=PatchType.STRATEGIC_MERGE),
            await explained.patch("x", [{"op": "add", "path": "/data/admit", "value": "change"}], type=PatchType.JSON),
            await explained.apply({**fields, **config_map("x", admit="change")}, field_manager="test"),
        ]
        made = await explained.apply({**fields, **config_map("new", admit="change")}, field_manager="test")
        after = await client.resource(core_v1.CONFIG_MAPS).get("x")

    for one in told:
        assert (one["request"]["operation"], one["allowed"]) == ("UPDATE", True)
        assert {"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}} in patches(one)
        assert one["result"]["metadata"]["labels"] == {"seen": "yes"}
    assert (made["request"]["operation"], made["request"]["name"]) == ("CREATE", "new")
    assert after == live


async def test_a_part_of_an_object() -> None:
    spec: Any = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD}}
    async with serving("NamespaceLifecycle", "OwnerReferencesPermissionEnforcement") as client:
        await client.resource(apps_v1.DEPLOYMENTS).create({"metadata": {"name": "web"}, "spec": spec})
        told = await deployments(client).patch("web", {"spec": {"replicas": 3}}, subresource="scale")

    assert (told["request"]["subresource"], told["request"]["operation"]) == ("scale", "UPDATE")
    assert (told["result"]["kind"], told["result"]["spec"]) == ("Scale", {"replicas": 3})


async def test_a_deletion() -> None:
    async with chain() as client:
        stored = client.resource(core_v1.CONFIG_MAPS)
        for name in ("free", "other"):
            await stored.create(config_map(name))
        told = await maps(client).delete("free")
        in_body = await request(client, "DELETE", f"{PATH}/free", {"dryRun": ["All"]}, explain="true")
        names = [one["metadata"]["name"] for one in (await stored.list()).items]

    for one in (told, in_body):
        assert (one["request"]["operation"], one["allowed"], one["result"]["status"]) == ("DELETE", True, "Success")
        assert said(one) == [LOOKED]
    assert names == ["free", "other"]


async def test_a_binding_is_a_write_too() -> None:
    async with serving("NamespaceLifecycle") as client:
        await client.resource(core_v1.PODS).create(pod())
        body = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n"}}
        told = await request(client, "POST", "/api/v1/namespaces/default/pods/web/binding", body, **EXPLAINED)
        live = await client.resource(core_v1.PODS).get("web")

    assert (told["request"]["subresource"], told["allowed"]) == ("binding", True)
    assert [step["name"] for step in told["steps"]] == ["NamespaceLifecycle"]
    assert not live["spec"].get("nodeName")


async def test_the_header_asks_as_the_parameter_does() -> None:
    body = orjson.dumps(config_map())
    async with serving("NamespaceLifecycle") as client, aiohttp.ClientSession() as session:
        url, headers = client.config.server + PATH + "?dryRun=All", await client.config.credentials.headers()

        async def kind(query: str = "", **more: str) -> Any:
            named = {"Content-Type": "application/json", **dict(headers), **more}
            async with session.post(url + query, data=body, headers=named) as answer:
                return orjson.loads(await answer.read())["kind"]

        kinds = [
            await kind(**{"Steersman-Explain": "true"}),
            await kind("&explain=1"),
            await kind("&explain=false"),
            await kind(**{"Steersman-Explain": "false"}),
            await kind(),
        ]

    assert kinds == ["AdmissionExplanation", "AdmissionExplanation", "ConfigMap", "ConfigMap", "ConfigMap"]


async def test_it_is_written_in_the_form_that_the_client_accepts() -> None:
    async with serving("NamespaceLifecycle") as client:
        answer = await client.rest.request(
            "POST", PATH, query=EXPLAINED, body=orjson.dumps(config_map(a="1")), accept="application/yaml"
        )

    assert b"kind: AdmissionExplanation" in answer.body
    assert b'a: "1"' in answer.body


async def test_warnings_come_as_with_the_write_itself() -> None:
    warnings: list[str] = []
    async with serving("NamespaceLifecycle", extra=[Plugin()]) as admin:
        told_to = replace(admin.config, warning_handler=lambda _code, _agent, text: warnings.append(text))
        async with Client(told_to) as client:
            await maps(client).create({**config_map(), "nonsense": 1})

    assert warnings == ['unknown field "nonsense"', "looked at"]


REVIEW = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "message"),
    [
        (
            "POST",
            PATH,
            config_map(),
            {"explain": "true"},
            "explain needs dryRun=All: only a write that is not done can",
        ),
        ("POST", PATH, config_map(), {"explain": "", "dryRun": "None"}, "explain needs dryRun=All"),
        ("DELETE", f"{PATH}/x", None, {"explain": "true"}, "explain needs dryRun=All"),
        ("DELETE", PATH, None, EXPLAINED, "explain is for one object: delete a collection without it"),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            REVIEW,
            EXPLAINED,
            "selfsubjectaccessreviews are answered and not stored: there are no steps to explain",
        ),
    ],
)
async def test_what_cannot_be_explained_is_not_done(
    method: str, path: str, body: Any, query: dict[str, str], message: str
) -> None:
    async with serving("NamespaceLifecycle") as client:
        await client.resource(core_v1.CONFIG_MAPS).create(config_map("there"))
        with pytest.raises(ApiError) as refusal:
            await request(client, method, path, body, **query)
        names = [one["metadata"]["name"] for one in (await client.resource(core_v1.CONFIG_MAPS).list()).items]

    assert (refusal.value.code, refusal.value.message[: len(message)]) == (400, message)
    assert names == ["there"]


async def test_nothing_is_stored_and_no_quota_charged() -> None:
    quota: Any = {"metadata": {"name": "few"}, "spec": {"hard": {"count/configmaps": "1"}}}
    quotas = core_v1.RESOURCE_QUOTAS
    async with serving("ResourceQuota", extra=[Plugin()]) as client:
        await client.resource(quotas).create(quota)
        counted: Any = {
            **await client.resource(quotas).get("few"),
            "status": {**quota["spec"], "used": {"count/configmaps": "0"}},
        }
        await client.resource(quotas).update_status(counted)
        for _ in range(3):
            told = await maps(client).create(config_map())
            assert told["allowed"], told
        used = (await client.resource(quotas).get("few"))["status"]["used"]
        none = (await client.resource(core_v1.CONFIG_MAPS).list()).items
        await client.resource(core_v1.CONFIG_MAPS).create(config_map())
        too_many = await maps(client).create(config_map("y"))

    assert (used, none) == ({"count/configmaps": "0"}, [])
    assert too_many["refusedBy"] == {"type": "Plugin", "name": "ResourceQuota", "phase": "Validating"}
    assert "exceeded quota: few" in too_many["result"]["message"]


async def test_it_goes_with_what_else_is_observed() -> None:
    """The audit log, say."""
    options = AdmissionOptions(control=("NamespaceLifecycle",), extra=[Plugin()])
    async with ControlPlane(admission=options, store="memory:") as server:
        administrator = Connection("", True, PeerCertificate("admin", ("system:masters",)))
        sent = Request("POST", PATH, "dryRun=All&explain=true", {}, orjson.dumps(config_map()), administrator)
        sent.observed = observed = Observed()
        answer: Any = await server.handler(sent)  # type: ignore[misc]

    assert orjson.loads(answer.body)["kind"] == "AdmissionExplanation"
    assert observed.annotations["example.com/looked"] == "yes"
