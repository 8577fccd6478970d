"""What an explanation says of webhooks, policies and initializers, each by itself."""

import asyncio
from typing import Any

import orjson
import pytest
from tests.admission.explanation.reading import Explanation, Said, config_map, inner, maps, patches, pods, said
from tests.admission.initializers.holding import RULE
from tests.admission.policy.serving import apply_configuration, json_patch, mutate, serving, validate
from tests.admission.webhook.front import front
from tests.admission.webhook.webhook_server import Gate, Review, allow, deny, patch, webhook_server

from steersman.client import Client
from steersman.client.kinds import core_v1

MUTATING, VALIDATING = "MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"
LABEL = {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}


def webhooks(explanation: Explanation, plugin: str) -> dict[str, dict[str, Any]]:
    """Name to what the step says, of webhooks of the configuration ``test``."""
    found = inner(explanation, plugin)
    assert {(one.type, one.said.pop("configuration")) for one in found} <= {("Webhook", "test")}
    return {one.name.partition(".")[0]: one.said for one in found}


def annotation(at: int, name: str, mutated: bool, round: int = 0) -> dict[str, str]:
    told = f'{{"configuration":"test","webhook":"{name}.example.com","mutated":{str(mutated).lower()}}}'
    return {f"mutation.webhook.admission.k8s.io/round_{round}_index_{at}": told}


def skipped(why: str) -> dict[str, str]:
    return {"skipped": why}


async def test_mutating_webhooks_one_after_the_other() -> None:
    gone = {"url": "https://127.0.0.1:1/gone"}
    async with front() as api, webhook_server() as hooks:
        hooks.on("/label", lambda request: patch(request, LABEL))
        hooks.on("/warn", lambda request: allow(request, warnings=["careful"], auditAnnotations={"k": "v"}))
        hooks.on("/no", lambda request: deny(request, message="not today"))
        hooks.on("/never", lambda request: allow(request))
        never = {"objectSelector": {"matchLabels": {"never": "so"}}}
        elsewhere = {"namespaceSelector": {"matchLabels": {"never": "so"}}}
        unmet = {"matchConditions": [{"name": "no", "expression": "request.name == 'y'"}]}
        await api.mutating(
            hooks.webhook("/label"),
            hooks.webhook("/never", "object.example.com", **never),
            hooks.webhook("/never", "namespace.example.com", **elsewhere),
            hooks.webhook("/never", "condition.example.com", **unmet),
            hooks.webhook("/warn"),
            hooks.webhook("/never", "gone.example.com", clientConfig=gone, failurePolicy="Ignore"),
            hooks.webhook("/no"),
            hooks.webhook("/never", "after.example.com"),
        )

        told = await maps(api.client).create(config_map())

    steps = webhooks(told, MUTATING)
    assert list(steps) == ["label", "object", "namespace", "condition", "warn", "gone", "no"]
    assert steps["label"] == {"patch": [LABEL], "auditAnnotations": annotation(0, "label", True)}
    assert steps["object"] == skipped("its objectSelector does not match")
    assert steps["namespace"] == skipped("its namespaceSelector does not match")
    assert steps["condition"] == skipped("its matchConditions are not met")
    assert steps["warn"]["warnings"] == ["careful"]
    assert steps["warn"]["auditAnnotations"] == {**annotation(4, "warn", False), "warn.example.com/k": "v"}
    assert steps["gone"]["failedOpen"].startswith('failed calling webhook "gone.example.com": failed to call webhook')
    assert steps["no"]["refusal"] == told["result"]
    assert told["refusedBy"] == {
        "type": "Webhook",
        "name": "no.example.com",
        "phase": "Mutating",
        "plugin": MUTATING,
    }
    assert [one.said["patch"] for one in said(told)] == [[LABEL]]
    assert hooks.calls("/never") == []


@pytest.mark.parametrize("phase", ["mutating", "validating"])
async def test_a_webhook_with_side_effects_is_not_called(phase: str) -> None:
    async with front(version="1.20") as api, webhook_server() as hooks:
        hooks.on("/effects", lambda request: allow(request))
        webhook = hooks.webhook("/effects", sideEffects="Some")
        path = f"/apis/admissionregistration.k8s.io/v1beta1/{phase}webhookconfigurations"
        body = orjson.dumps({"metadata": {"name": "test"}, "webhooks": [webhook]})
        await api.client.rest.request("POST", path, body=body)

        told = await maps(api.client).create(config_map())

    assert told["result"]["message"] == 'admission webhook "effects.example.com" does not support dry run'
    plugin = MUTATING if phase == "mutating" else VALIDATING
    assert webhooks(told, plugin)["effects"]["refusal"] == told["result"]
    assert hooks.requests == []


async def test_webhooks_that_are_asked_again() -> None:
    def count(request: Review) -> Review:
        seen = (request["object"]["metadata"].get("annotations") or {}).get("seen", "")
        return patch(request, {"op": "add", "path": "/metadata/annotations", "value": {"seen": seen + "x"}})

    async with front() as api, webhook_server() as hooks:
        hooks.on("/count", count)
        hooks.on("/label", lambda request: patch(request, LABEL))
        await api.mutating(hooks.webhook("/count", reinvocationPolicy="IfNeeded"), hooks.webhook("/label"))

        told = await maps(api.client).create(config_map())

    first, second = (step["steps"] for step in told["steps"] if step["name"] == MUTATING)
    assert [(one["name"], one.get("reinvoked")) for one in first] == [
        ("count.example.com", None),
        ("label.example.com", None),
    ]
    assert second[0]["reinvoked"]
    assert second[0]["patch"] == [{"op": "replace", "path": "/metadata/annotations/seen", "value": "xx"}]
    assert second[1]["skipped"].startswith("not asked again")
    assert [one["path"] for one in patches(told)] == [
        "/metadata/annotations",
        "/metadata/labels",
        "/metadata/annotations/seen",
    ]


async def test_validating_webhooks_say_each_its_own() -> None:
    """They are asked all at once; the first is the last to answer."""
    gate = Gate()

    async def last(request: Review) -> Review:
        await gate.open.wait()
        return allow(request, warnings=["from the first"], auditAnnotations={"k": "first"})

    def first(request: Review) -> Review:
        gate.open.set()
        return allow(request, warnings=["from the second"])

    async with front() as api, webhook_server() as hooks:
        hooks.on("/first", last)
        hooks.on("/second", first)
        await api.validating(
            hooks.webhook("/none", objectSelector={"matchLabels": {"a": "b"}}),
            hooks.webhook("/first"),
            hooks.webhook("/second"),
        )

        told = await maps(api.client).create(config_map())

    assert webhooks(told, VALIDATING) == {
        "none": skipped("its objectSelector does not match"),
        "first": {"warnings": ["from the first"], "auditAnnotations": {"first.example.com/k": "first"}},
        "second": {"warnings": ["from the second"]},
    }
    assert sorted(said(told)[-1].said["warnings"]) == ["from the first", "from the second"]


async def test_a_validating_webhook_that_refuses_ends_the_others() -> None:
    gate = Gate()

    async def refuse(request: Review) -> Review:
        await gate.reached.wait()
        return deny(request, message="no")

    async with front() as api, webhook_server() as hooks:
        hooks.on("/slow", gate.answer)
        hooks.on("/no", refuse)
        await api.validating(hooks.webhook("/slow"), hooks.webhook("/no"))

        told = await maps(api.client).create(config_map())
        gate.open.set()

    steps = webhooks(told, VALIDATING)
    assert steps["slow"] == skipped("given up on: the write was refused before it had answered")
    assert steps["no"]["refusal"] == told["result"]
    assert told["refusedBy"]["name"] == "no.example.com"


async def test_a_validating_webhook_whose_conditions_have_no_value() -> None:
    undecided = [{"name": "none", "expression": "object.data.missing == 'x'"}]
    async with front() as api, webhook_server() as hooks:
        await api.validating(hooks.webhook("/hook", matchConditions=undecided))
        told = await maps(api.client).create(config_map())
        await api.mutating(hooks.webhook("/lenient", matchConditions=undecided, failurePolicy="Ignore"))
        lenient = await maps(api.client).create(config_map())

    assert webhooks(told, VALIDATING)["hook"]["refusal"] == told["result"]
    assert (told["refusedBy"]["name"], told["result"]["code"]) == ("hook.example.com", 403)
    assert webhooks(lenient, MUTATING)["lenient"]["skipped"].startswith("its matchConditions have no value: ")


def policy(name: str, phase: str, **more: Any) -> Said:
    return Said("Policy", name, phase, {"binding": f"{name}-binding", **more})


async def test_mutating_policies() -> None:
    label = "Object{metadata: Object.metadata{labels: {'team': 'a'}}}"
    wrong = json_patch("[JSONPatch{op: 'remove', path: '/data/none'}]")
    other = {"matchResources": {"objectSelector": {"matchLabels": {"no": "no"}}}}
    unmet = [{"name": "no", "expression": "object.metadata.name == 'y'"}]
    async with serving() as client:
        await mutate(client, apply_configuration(label), name="label")
        await mutate(client, wrong, name="lenient", failurePolicy="Ignore")
        await mutate(client, wrong, name="not-selected", binding=other)
        await mutate(client, wrong, name="unmet", matchConditions=unmet)
        allowed = await maps(client).create(config_map(a="1"))
        await mutate(client, wrong, name="wrong")
        refused = await maps(client).create(config_map(a="1"))

    add = {"op": "add", "path": "/metadata/labels", "value": {"team": "a"}}
    failed = "JSON Patch: error in remove for path: '/data/none': Unable to remove nonexistent key: none: missing value"
    first_round, second_round = (
        inner(allowed, "MutatingAdmissionPolicy")[:4],
        inner(allowed, "MutatingAdmissionPolicy")[4:],
    )
    assert {one.said["skipped"].partition(":")[0] for one in second_round} == {
        "not made again",
        "its objectSelector does not match",
        "its matchConditions are not met",
    }
    assert sorted(first_round, key=lambda one: one.name) == [
        policy("label", "Mutating", patch=[add]),
        policy("lenient", "Mutating", failedOpen=failed),
        policy("not-selected", "Mutating", skipped="its objectSelector does not match"),
        policy("unmet", "Mutating", skipped="its matchConditions are not met"),
    ]
    assert inner(refused, "MutatingAdmissionPolicy")[-1] == policy("wrong", "Mutating", refusal=refused["result"])
    assert refused["refusedBy"] == {
        "type": "Policy",
        "name": "wrong",
        "phase": "Mutating",
        "plugin": "MutatingAdmissionPolicy",
    }


async def test_validating_policies() -> None:
    no = {"expression": "object.metadata.name != 'x'", "message": "not x"}
    failing = "object.data.missing == 'x'"
    unmet = [{"name": "no", "expression": "object.metadata.name == 'y'"}]
    note = [{"key": "seen", "valueExpression": "'name is ' + object.metadata.name"}]
    async with serving() as client:
        await validate(client, "true", name="fine", auditAnnotations=note)
        await validate(client, "true", no, name="warns", actions=("Warn", "Audit"))
        await validate(client, failing, name="lenient", failurePolicy="Ignore")
        await validate(client, failing, name="unmet", matchConditions=unmet)
        allowed = await maps(client).create(config_map())
        await validate(client, no, name="denies")
        refused = await maps(client).create(config_map())

    failure = {"message": "not x", "reason": "Invalid"}
    undecided = f"expression '{failing}' resulted in error: no such key: missing"
    warning = "Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns-binding': not x"
    assert inner(allowed, "ValidatingAdmissionPolicy") == [
        policy("fine", "Validating", validationActions=["Deny"], auditAnnotations={"fine/seen": "name is x"}),
        policy("lenient", "Validating", validationActions=["Deny"], failedOpen=undecided),
        policy("unmet", "Validating", validationActions=["Deny"], skipped="its matchConditions are not met"),
        policy(
            "warns",
            "Validating",
            validationActions=["Warn", "Audit"],
            failures=[{"expressionIndex": 1, **failure}],
            warnings=[warning],
        ),
    ]
    assert allowed["allowed"]
    denial = inner(refused, "ValidatingAdmissionPolicy")[0]
    assert denial.said["failures"] == [{"expressionIndex": 0, **failure}]
    assert denial.said["refusal"] == refused["result"]
    assert refused["refusedBy"]["name"] == "denies"


async def test_a_policy_that_cannot_be_used() -> None:
    kind = {"apiVersion": "example.com/v1", "kind": "Missing"}
    async with serving() as client:
        await validate(
            client,
            "true",
            name="broken",
            paramKind=kind,
            binding={"paramRef": {"name": "x", "parameterNotFoundAction": "Deny"}},
        )
        refused = await maps(client).create(config_map())
        await validate(
            client,
            "true",
            name="ignored",
            paramKind=kind,
            failurePolicy="Ignore",
            binding={"paramRef": {"name": "x", "parameterNotFoundAction": "Deny"}},
        )
        both = await maps(client).create(config_map())

    assert refused["refusedBy"]["name"] == both["refusedBy"]["name"] == "broken"
    ignored, broken = inner(both, "ValidatingAdmissionPolicy")
    assert broken.said["refusal"] == both["result"]
    assert ignored.said["skipped"].startswith("failed to configure policy: failed to find resource referenced by")


def initializer(name: str, **more: Any) -> dict[str, Any]:
    return {"name": f"{name}.example.com", "rules": [RULE], **more}


async def configure(client: Client, name: str, *initializers: dict[str, Any]) -> None:
    path = "/apis/admissionregistration.k8s.io/v1alpha1/initializerconfigurations"
    await client.rest.request(
        "POST", path, body=orjson.dumps({"metadata": {"name": name}, "initializers": initializers})
    )


async def test_the_initializers_that_an_object_would_wait_for() -> None:
    """They are named with their turns, and nobody waits for them."""
    mine = {"initializers.steersman.dev/runs": "own.example.com"}
    async with serving(enable=("Initializers",)) as client, asyncio.timeout(10):
        await configure(client, "b", initializer("last"))
        await configure(client, "a", initializer("left", commutes=True), initializer("right", commutes=True))
        told = await maps(client).create(config_map())
        brought = {"metadata": {"name": "y", "initializers": {"pending": [{"name": "other.example.com"}]}}}
        by_itself = await maps(client).create(brought)
        left = await client.resource(core_v1.CONFIG_MAPS).list(include_uninitialized=True)
        await configure(client, "c", initializer("own"))
        refused = await maps(client).create({"metadata": {"name": "z", "annotations": mine}})

    assert inner(told, "Initializers") == [
        Said("Initializer", "left.example.com", "Mutating", {"configuration": "a", "turn": 1}),
        Said("Initializer", "right.example.com", "Mutating", {"configuration": "a", "turn": 1}),
        Said("Initializer", "last.example.com", "Mutating", {"configuration": "b", "turn": 2}),
    ]
    (assigned,) = (one for one in patches(told) if one["path"] == "/metadata/initializers")
    assert [one["name"] for one in assigned["value"]["pending"]] == [one.name for one in inner(told, "Initializers")]
    assert inner(by_itself, "Initializers") == [
        Said("Initializer", "other.example.com", "Mutating", {"turn": 1}),
    ]
    assert left.items == []
    assert refused["refusedBy"] == {"type": "Plugin", "name": "Initializers", "phase": "Mutating"}


async def test_a_workload_that_is_made_of_an_initializers_own_does_not_wait_for_it() -> None:
    account = {"namespace": "default", "name": "initializing"}
    own = initializer("own", serviceAccount=account)
    own["rules"] = [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "1", "controller": True}
    pod: Any = {
        "metadata": {"name": "p", "ownerReferences": [owner]},
        "spec": {"serviceAccountName": "initializing", "containers": [{"name": "c", "image": "i"}]},
    }
    async with serving(enable=("Initializers",)) as client:
        await client.resource(core_v1.SERVICE_ACCOUNTS).create({"metadata": {"name": "initializing"}})
        await configure(client, "a", own)
        told = await pods(client).create(pod)

    skipped = {"configuration": "a", "skipped": "it runs in this very object"}
    assert inner(told, "Initializers") == [Said("Initializer", "own.example.com", "Mutating", skipped)]
