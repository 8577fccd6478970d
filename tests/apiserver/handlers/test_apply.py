"""Server-side apply over HTTP: PATCH with application/apply-patch+yaml, and what other writes make of it."""

import asyncio
from typing import Any

import orjson
import pytest
from tests.apiserver.api_client import (
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    THINGS,
    Client,
    Reply,
    causes,
    config_map,
    deployment,
    failure,
    serving,
    thing,
)

A = f"{CONFIG_MAPS}/a"
WEB = f"{DEPLOYMENTS}/web"
OF_THING = f"{THINGS}/a"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Object = dict[str, Any]


async def apply(api: Client, path: str, body: Any, manager: str = "one", **options: str) -> Reply:
    return await api.patch(path, body, "apply", fieldManager=manager, **options)


async def applied(api: Client, path: str, body: Any, manager: str = "one", **options: str) -> Any:
    """Apply, and return the object that was stored."""
    reply = await apply(api, path, body, manager, **options)
    assert reply.status in (200, 201), reply.body
    return reply.body


def owners(obj: Object) -> dict[tuple[str, str, str], Object]:
    """``fieldsV1`` by manager, operation and subresource."""
    return {
        (one["manager"], one["operation"], one.get("subresource", "")): one["fieldsV1"]
        for one in obj["metadata"].get("managedFields", [])
    }


def of(manager: str, operation: str = "Apply", subresource: str = "") -> tuple[str, str, str]:
    return manager, operation, subresource


def scaled(replicas: int) -> Object:
    return {**deployment(), "spec": {**deployment()["spec"], "replicas": replicas}}


async def test_what_is_not_there_is_created(stored: Client) -> None:
    reply = await apply(stored, A, config_map("a", x="1"))

    assert reply.status == 201
    assert reply.body["data"] == {"x": "1"}
    [entry] = reply.body["metadata"]["managedFields"]
    assert entry == {
        "manager": "one",
        "operation": "Apply",
        "apiVersion": "v1",
        "time": reply.body["metadata"]["creationTimestamp"],
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:x": {}}},
    }
    assert (await stored.get(A)).body == reply.body


async def test_what_is_there_is_merged(stored: Client) -> None:
    await applied(stored, A, config_map("a", x="1"), "one")

    reply = await apply(stored, A, config_map("a", y="2"), "other")

    assert (reply.status, reply.body["data"]) == (200, {"x": "1", "y": "2"})
    assert owners(reply.body) == {of("one"): {"f:data": {"f:x": {}}}, of("other"): {"f:data": {"f:y": {}}}}


async def test_what_changes_nothing_writes_nothing(stored: Client) -> None:
    made = await applied(stored, WEB, deployment())

    assert await applied(stored, WEB, deployment()) == made
    assert (await stored.get(WEB)).body == made


async def test_quantities_in_another_form_change_nothing(api: Client) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": 1, "memory": "1024Mi"}}
    made = await applied(api, WEB, body)

    assert (await apply(api, WEB, body)).body == made


async def test_a_conflict_names_the_fields_and_their_managers(api: Client) -> None:
    await applied(api, WEB, deployment(), "one")

    reply = await apply(api, WEB, scaled(5), "other")

    assert failure(reply) == (
        409,
        "Conflict",
        'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
    )
    assert reply.body["details"] == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".spec.replicas"}]
    }
    assert (await api.get(WEB)).body["spec"]["replicas"] == 2


async def test_force_takes_the_fields(api: Client) -> None:
    await applied(api, WEB, deployment(), "one")

    forced = await applied(api, WEB, scaled(5), "other", force="true")

    assert forced["spec"]["replicas"] == 5
    assert "f:replicas" not in owners(forced)[of("one")]["f:spec"]
    assert "f:replicas" in owners(forced)[of("other")]["f:spec"]


async def test_what_is_no_longer_applied_goes(api: Client) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"].append({"name": "side", "image": "envoy:1"})
    await applied(api, WEB, body)

    left = await applied(api, WEB, deployment())

    assert [one["name"] for one in left["spec"]["template"]["spec"]["containers"]] == ["main"]


async def test_list_items_are_told_by_their_keys_and_the_defaults_of_these(api: Client) -> None:
    body, other = deployment(), deployment()
    body["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 80}]
    ports = [{"containerPort": 80, "protocol": "UDP"}, {"containerPort": 80, "protocol": "TCP", "name": "http"}]
    other["spec"]["template"]["spec"]["containers"][0]["ports"] = ports
    await applied(api, WEB, body, "one")

    both = await applied(api, WEB, other, "other")

    found = both["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert sorted((one["protocol"], one.get("name")) for one in found) == [("TCP", "http"), ("UDP", None)]


async def test_yaml_is_what_the_media_type_says(api: Client) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: 'yes'\n"

    reply = await api.call(
        "PATCH", A, body, content_type="application/apply-patch+yaml; charset=utf-8", fieldManager="one"
    )

    assert (reply.status, reply.body["data"]) == (201, {"x": "yes"})


async def test_a_long_configuration(api: Client) -> None:
    data = {f"key{index}": "value" * 10 for index in range(2000)}

    assert (await applied(api, A, config_map("a", **data)))["data"] == data


async def test_nulls_that_generated_manifests_have_are_no_conflict(api: Client) -> None:
    body = deployment()
    body["metadata"]["creationTimestamp"] = None
    body["spec"]["template"]["metadata"]["creationTimestamp"] = None
    body["spec"]["strategy"] = {}
    body["status"] = {}
    made = await applied(api, WEB, body, "one")

    both = await applied(api, WEB, body, "two")

    assert both["metadata"]["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    assert both["spec"] == made["spec"]
    assert (await applied(api, WEB, body, "two")) == both


async def test_a_dry_run_shows_what_would_be(api: Client) -> None:
    would = await apply(api, A, config_map("a", x="1"), dryRun="All")
    assert (would.status, would.body["data"]) == (201, {"x": "1"})
    assert (await api.get(A)).status == 404

    made = await applied(api, A, config_map("a", x="1"))
    assert (await apply(api, A, config_map("a", x="2"), dryRun="All")).body["data"] == {"x": "2"}
    assert (await api.get(A)).body == made


@pytest.mark.parametrize(
    ("options", "field", "message"),
    [
        ({}, "fieldManager", "Required value: is required for apply patch"),
        ({"fieldManager": ""}, "fieldManager", "Required value: is required for apply patch"),
        ({"fieldManager": "x" * 129}, "fieldManager", "Too long: may not be more than 128 bytes"),
    ],
)
async def test_who_applies_must_say_so(api: Client, options: dict[str, str], field: str, message: str) -> None:
    reply = await api.patch(A, config_map("a"), "apply", **options)

    assert failure(reply)[:2] == (422, "Invalid")
    assert causes(reply) == [(field, message)]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, 400, "invalid object type: /, Kind=ConfigMap"),
        ({**config_map("a"), "kind": "Secret"}, 400, "invalid object type: /v1, Kind=Secret"),
        (b"", 400, "invalid object type: /, Kind="),
        (b"[]", 400, "error decoding patch: a configuration must be an object"),
        (
            {**config_map("a"), "metadata": {"name": "a", "managedFields": []}},
            400,
            "metadata.managedFields must be nil",
        ),
        (
            config_map("b"),
            400,
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (
            config_map(),
            400,
            "the name of the object (a based on URL) was undeterminable: name must be provided",
        ),
        (
            {**config_map("a"), "metadata": {"name": "a", "namespace": "other"}},
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            {**config_map("a"), "date": {}},
            500,
            "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .date: field not declared in schema",
        ),
        (
            {**config_map("a"), "metadata": {"name": "a", "uid": "1"}},
            409,
            'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid 1, '
            "and no existing object was found",
        ),
    ],
)
async def test_configurations_that_are_refused(api: Client, body: Any, code: int, message: str) -> None:
    refused = failure(await apply(api, A, body))

    assert (refused[0], refused[2]) == (code, message)
    assert (await api.get(A)).status == 404


async def test_a_body_that_is_no_yaml(api: Client) -> None:
    code, _, message = failure(await apply(api, A, b"a: [b"))

    assert code == 400
    assert message.startswith("error decoding patch: ")


@pytest.mark.parametrize("media", ["application/apply-patch+cbor", "application/apply-patch"])
async def test_other_forms_of_apply_are_refused(api: Client, media: str) -> None:
    reply = await api.call("PATCH", A, config_map("a"), content_type=media, fieldManager="one")

    assert failure(reply) == (
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, "
        "application/apply-patch+yaml",
    )


async def test_a_resource_version_is_demanded_of_what_is_there(api: Client) -> None:
    wanted = {**config_map("a", x="1"), "metadata": {"name": "a", "resourceVersion": "1"}}

    assert (await apply(api, A, wanted)).status == 201
    assert failure(await apply(api, A, wanted))[:2] == (409, "Conflict")


async def test_fields_that_stand_twice(api: Client) -> None:
    body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1","x":"2"}}'

    refused = failure(await apply(api, A, body, fieldValidation="Strict"))
    assert refused == (400, "BadRequest", 'error strict decoding patch: duplicate field "data.x"')
    warned = await apply(api, A, body)
    assert (warned.body["data"], warned.warnings) == ({"x": "2"}, ['299 - "duplicate field \\"data.x\\""'])
    assert (await apply(api, A, body, fieldValidation="Ignore")).warnings == []


async def test_validation_comes_after_the_merge(api: Client) -> None:
    made = await applied(api, WEB, deployment())

    assert failure(await apply(api, WEB, deployment(labels={"a": "b c"})))[:2] == (422, "Invalid")
    assert (await api.get(WEB)).body == made


async def test_defaults_belong_to_nobody(api: Client) -> None:
    made = await applied(api, WEB, deployment(), "one")

    assert made["spec"]["revisionHistoryLimit"] == 10
    wanted = deployment()
    wanted["spec"]["revisionHistoryLimit"] = 3
    assert (await applied(api, WEB, wanted, "other"))["spec"]["revisionHistoryLimit"] == 3


async def test_an_object_that_nobody_applied_is_not_tracked(api: Client) -> None:
    made = await api.made(A[:-2], config_map("a", x="1"))
    updated = (await api.update(A, {**made, "data": {"x": "2"}}, fieldManager="me")).body
    patched = (await api.patch(A, {"metadata": {"managedFields": [{"manager": "me", "operation": "Update"}]}})).body

    assert ["managedFields" in one["metadata"] for one in (made, updated, patched)] == [False, False, False]


async def test_the_first_apply_finds_what_was_there(api: Client) -> None:
    await api.made(CONFIG_MAPS, config_map("a", x="1"))

    merged = await applied(api, A, config_map("a", y="2"))

    assert merged["data"] == {"x": "1", "y": "2"}
    assert owners(merged) == {
        of("one"): {"f:data": {"f:y": {}}},
        of("before-first-apply", "Update"): {"f:data": {".": {}, "f:x": {}}},
    }
    conflict = failure(await apply(api, A, config_map("a", x="2")))
    assert conflict[2] == 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x'


async def test_kubectl_takes_over_from_client_side_apply(api: Client) -> None:
    body = config_map("a", x="1", y="1")
    annotations = {LAST_APPLIED: orjson.dumps(body).decode()}
    await api.made(CONFIG_MAPS, {**body, "metadata": {"name": "a", "annotations": annotations}})
    await api.patch(A, {"data": {"y": "other"}})

    merged = await applied(api, A, config_map("a", x="2"), "kubectl")

    assert merged["data"] == {"x": "2", "y": "other"}
    assert orjson.loads(merged["metadata"]["annotations"][LAST_APPLIED]) == config_map("a", x="2")
    assert owners(merged)[of("before-first-apply", "Update")] == {
        "f:data": {"f:y": {}},
        "f:metadata": {"f:annotations": {}},
    }


WRITES = [
    ("update", {"fieldManager": "me"}, {}, "me"),
    ("update", {}, {"user-agent": "kubectl/v1.37 (linux)"}, "kubectl"),
    ("merge", {}, {"user-agent": "a\tb" + "é" * 100 + "/1"}, "ab" + "é" * 63),
    ("json", {"fieldManager": "me"}, {"user-agent": "kubectl/v1.37"}, "me"),
    ("strategic-merge", {}, {}, "unknown"),
]


@pytest.mark.parametrize(("verb", "query", "headers", "manager"), WRITES)
async def test_other_writes_take_what_they_change(
    api: Client, verb: str, query: dict[str, str], headers: dict[str, str], manager: str
) -> None:
    made = await applied(api, A, config_map("a", x="1", y="1"))

    if verb == "update":
        reply = await api.update(A, {**made, "data": {"x": "2", "y": "1"}}, headers=headers, **query)
    else:
        patch = [{"op": "replace", "path": "/data/x", "value": "2"}] if verb == "json" else {"data": {"x": "2"}}
        reply = await api.call(
            "PATCH", A, patch, content_type=f"application/{verb}-patch+json", headers=headers, **query
        )

    assert owners(reply.body) == {
        of("one"): {"f:data": {"f:y": {}}},
        of(manager, "Update"): {"f:data": {"f:x": {}}},
    }


async def test_a_write_that_changes_nothing_writes_nothing(api: Client) -> None:
    made = await applied(api, A, config_map("a", x="1"))

    assert (await api.update(A, made)).body == made
    assert (await api.patch(A, {"data": {"x": "1"}})).body == made


async def test_a_client_that_does_not_know_managed_fields_leaves_them(api: Client) -> None:
    made = await applied(api, A, config_map("a", x="1"))
    meta = {key: value for key, value in made["metadata"].items() if key != "managedFields"}

    assert owners((await api.update(A, {**made, "metadata": meta})).body) == owners(made)


@pytest.mark.parametrize("value", [[], [{}]])
async def test_managed_fields_may_be_reset(api: Client, value: list[Any]) -> None:
    await applied(api, A, config_map("a", x="1"))

    reply = await api.patch(A, {"metadata": {"managedFields": value}})

    assert "managedFields" not in reply.body["metadata"]
    assert "managedFields" not in (await api.patch(A, {"data": {"x": "2"}})).body["metadata"]


async def test_managed_fields_that_cannot_be_read_count_for_nothing(api: Client) -> None:
    made = await applied(api, A, config_map("a", x="1"))
    malformed = [
        {"manager": "me", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"x": {}}}
    ]

    assert (await api.patch(A, {"metadata": {"managedFields": malformed}})).body == made


async def test_managed_fields_may_be_handed_on(api: Client) -> None:
    made = await applied(api, A, config_map("a", x="1"))
    entries = [{**made["metadata"]["managedFields"][0], "manager": "heir"}]
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": entries}]

    reply = await api.patch(A, patch, "json")

    assert owners(reply.body) == {of("heir"): {"f:data": {"f:x": {}}}}
    assert reply.body["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("collection", "body"), [(DEPLOYMENTS, deployment("a")), (THINGS, thing(replicas=2))], ids=["builtin", "custom"]
)
class TestSubresources:
    """``/status`` and ``/scale`` are applied like the object they belong to."""

    async def test_status_is_applied_alone(self, things: Client, collection: str, body: Object) -> None:
        made = await applied(things, f"{collection}/a", body, "one")
        status = {**body, "spec": {**body["spec"], "replicas": 9}, "status": {"replicas": 3}}

        reply = await apply(things, f"{collection}/a/status", status, "controller", force="true")

        assert (reply.status, reply.body["status"]) == (200, {"replicas": 3})
        assert reply.body["spec"] == made["spec"]
        assert owners(reply.body) == {
            **owners(made),
            of("controller", "Apply", "status"): {"f:status": {"f:replicas": {}}},
        }
        assert (await apply(things, f"{collection}/a/status", status, "controller", force="true")).body == reply.body

    async def test_a_conflict_in_status(self, things: Client, collection: str, body: Object) -> None:
        await applied(things, f"{collection}/a", body)
        path, status = f"{collection}/a/status", {**body, "status": {"replicas": 3}}
        await things.patch(path, {"status": {"replicas": 1}}, fieldManager="kubelet")

        refused = failure(await apply(things, path, status, "controller"))

        version = body["apiVersion"]
        assert refused[2] == (
            f'Apply failed with 1 conflict: conflict with "kubelet" with subresource "status" using {version}: '
            ".status.replicas"
        )

    async def test_scale_is_applied(self, things: Client, collection: str, body: Object) -> None:
        await applied(things, f"{collection}/a", body, "one")
        scale = {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": "a"},
            "spec": {"replicas": 5},
        }
        path = f"{collection}/a/scale"

        refused = failure(await apply(things, path, scale, "autoscaler"))
        assert refused[2] == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
        reply = await apply(things, path, scale, "autoscaler", force="true")

        assert (reply.body["kind"], reply.body["spec"]) == ("Scale", {"replicas": 5})
        parent = (await things.get(f"{collection}/a")).body
        assert parent["spec"]["replicas"] == 5
        assert owners(parent)[of("autoscaler", "Apply", "scale")] == {"f:spec": {"f:replicas": {}}}
        assert failure(await apply(things, f"{collection}/a", body, "one"))[2] == (
            'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale": .spec.replicas'
        )

    async def test_an_update_of_scale_takes_the_replicas(self, things: Client, collection: str, body: Object) -> None:
        await applied(things, f"{collection}/a", body, "one")

        await things.patch(f"{collection}/a/scale", {"spec": {"replicas": 5}}, fieldManager="kubectl")

        parent = (await things.get(f"{collection}/a")).body
        assert owners(parent)[of("kubectl", "Update", "scale")] == {"f:spec": {"f:replicas": {}}}

    @pytest.mark.parametrize("part", ["status", "scale"])
    async def test_a_subresource_of_nothing(self, things: Client, collection: str, body: Object, part: str) -> None:
        assert failure(await apply(things, f"{collection}/a/{part}", body))[:2] == (404, "NotFound")


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        ({"kind": "Thing"}, 400, "invalid object type: autoscaling/v1, Kind=Thing"),
        (
            {"spec": {"replica": 1}},
            500,
            "failed to create typed patch object (/a; autoscaling/v1, Kind=Scale): "
            ".spec.replica: field not declared in schema",
        ),
        ({"metadata": {"name": "b"}}, 400, "the name of the object (b) does not match the name on the URL (a)"),
        ({"metadata": {"name": "a", "managedFields": [{}]}}, 400, "metadata.managedFields must be nil"),
    ],
)
async def test_scales_that_are_refused(things: Client, changed: Object, code: int, message: str) -> None:
    await things.made(THINGS, thing(replicas=2))
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": 5}}

    refused = failure(await apply(things, f"{OF_THING}/scale", {**scale, **changed}, force="true"))

    assert (refused[0], refused[2]) == (code, message)


async def test_custom_resources_merge_by_their_schema(things: Client) -> None:
    await applied(things, OF_THING, thing(size=1, any={"a": {"b": [1]}}), "one")

    merged = await applied(things, OF_THING, thing(replicas=2, any={"a": {"c": 1}}), "other")

    assert merged["spec"] == {"size": 1, "replicas": 2, "any": {"a": {"b": [1], "c": 1}}}
    refused = failure(await apply(things, OF_THING, thing(sise=1)))
    assert (refused[0], refused[2]) == (
        500,
        "failed to create typed patch object (/a; example.com/v1, Kind=Thing): "
        ".spec.sise: field not declared in schema",
    )


async def test_definitions_are_applied_too(api: Client) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "toys.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Toy", "plural": "toys"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }

    made = await applied(api, f"{DEFINITIONS}/toys.example.com", body)

    assert made["spec"]["names"]["singular"] == "toy"
    again = await applied(api, f"{DEFINITIONS}/toys.example.com", body)
    assert again["metadata"]["uid"] == made["metadata"]["uid"]
    assert again["metadata"]["generation"] == 1


async def test_two_who_create_at_once_both_get_what_they_applied(stored: Client) -> None:
    replies = await asyncio.gather(
        apply(stored, A, config_map("a", x="1"), "one"), apply(stored, A, config_map("a", y="2"), "other")
    )

    assert sorted(reply.status for reply in replies) == [200, 201]
    found = (await stored.get(A)).body
    assert found["data"] == {"x": "1", "y": "2"}
    assert set(owners(found)) == {of("one"), of("other")}


async def test_many_who_apply_at_once_lose_nothing(stored: Client) -> None:
    await applied(stored, A, config_map("a"))

    replies = await asyncio.gather(*(apply(stored, A, config_map("a", **{f"k{at}": "1"}), f"m{at}") for at in range(6)))

    assert {reply.status for reply in replies} == {200}
    assert (await stored.get(A)).body["data"] == {f"k{at}": "1" for at in range(6)}


async def test_finalizers_and_deletion_of_what_is_tracked(api: Client) -> None:
    meta = {"name": "a", "finalizers": ["example.com/x"]}
    await applied(api, A, {**config_map("a"), "metadata": meta})

    await api.delete(A)
    marked = await applied(api, A, {**config_map("a"), "metadata": {"name": "a"}})

    assert "finalizers" not in marked["metadata"]
    assert (await api.get(A)).status == 404


async def test_at_most_ten_entries_of_updates_are_kept(api: Client) -> None:
    await applied(api, A, config_map("a", x="1"))

    for index in range(12):
        reply = await api.patch(A, {"data": {f"k{index}": "1"}}, fieldManager=f"m{index}")

    names = [name for name, operation, _ in owners(reply.body) if operation == "Update"]
    assert len(names) == 10
    assert "ancient-changes" in names


async def test_before_managed_fields_there_was_no_apply() -> None:
    async with serving(version="1.13") as api:
        code, reason, message = failure(await apply(api, A, config_map("a")))

    assert (code, reason) == (415, "UnsupportedMediaType")
    assert "apply-patch" not in message
