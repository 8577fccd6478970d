"""What becomes of metadata.initializers in creates and updates, through the server."""

from typing import Any

import pytest
from tests.admission.initializers.holding import (
    CONFIG_MAPS,
    CONFIGURATIONS,
    FAILURE,
    A,
    B,
    C,
    Client,
    as_jane,
    config_map,
    configuration,
    held,
    hold,
    holding,
    path,
    pending,
    take_turn,
)
from tests.apiserver.api_client import DEPLOYMENTS, THINGS, define_things, deployment, failure, serving, thing

from steersman.admission.initializers.self_blocking import RUNS

EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}
PODS = "/api/v1/namespaces/default/pods"


def bringing(name: str, *names: str, **initializers: Any) -> dict[str, Any]:
    brought = {"pending": [{"name": one} for one in names], **initializers}
    return {**config_map(name), "metadata": {"name": name, "initializers": brought}}


async def create(client: Client, obj: Any, where: str = CONFIG_MAPS) -> Any:
    return await client.create(where, obj, includeUninitialized="true")


@pytest.mark.parametrize("version", ["1.7", "1.13", "1.14", "1.37"])
async def test_a_new_object_waits_for_whom_is_configured_whatever_the_minor(version: str) -> None:
    async with holding(A, B, version=version) as admin:
        obj = await hold(admin, "x")

        assert pending(obj) == [A, B]
        assert [sorted(one) for one in obj["metadata"]["initializers"]["pending"]] == [["name", "since"], ["name"]]


async def test_configurations_take_effect_at_once_in_the_order_of_their_names() -> None:
    async with holding() as admin:
        await admin.made(CONFIGURATIONS, configuration("20", B))
        await admin.made(CONFIGURATIONS, configuration("10", A))
        assert pending(await hold(admin, "x")) == [A, B]

        await admin.delete(CONFIGURATIONS + "/10")
        assert pending(await hold(admin, "y")) == [B]


async def test_a_configuration_counts_its_generations_and_is_validated() -> None:
    async with holding(A) as admin:
        reply = await admin.patch(CONFIGURATIONS + "/held", {"initializers": [{"name": B, "timeoutSeconds": 2}]})
        wrong = await admin.create(CONFIGURATIONS, {"metadata": {"name": "x"}, "initializers": [{"name": "k8s.io"}]})

        assert reply.body["metadata"]["generation"] == 2
        assert failure(wrong)[2] == (
            'InitializerConfiguration.admissionregistration.k8s.io "x" is invalid: initializers[0].name: '
            'Invalid value: "k8s.io": should be a domain with at least three segments separated by dots'
        )


async def test_mirror_pods_are_not_held_and_other_pods_are() -> None:
    pod = {"spec": {"containers": [{"name": "c", "image": "i"}]}}
    mirror = {"name": "mirror", "annotations": {"kubernetes.io/config.mirror": "x"}}
    async with holding({"name": A, "rules": [EVERYTHING]}, profile="kubernetes") as admin:
        assert pending(await admin.made(PODS, {"metadata": mirror, **pod})) == []
        assert pending((await create(admin, {"metadata": {"name": "pod"}, **pod}, PODS)).body) == [A]


async def test_what_this_feature_itself_needs_is_not_held() -> None:
    event = {"metadata": {"name": "e"}, "involvedObject": {"namespace": "default"}}
    async with holding({"name": A, "rules": [EVERYTHING]}) as admin:
        await admin.made(CONFIGURATIONS, configuration("another", B))
        await admin.made("/api/v1/namespaces/default/events", event)


async def test_only_who_may_initialize_brings_initializers() -> None:
    async with holding(A) as admin:
        jane = await as_jane(admin)

        refused = failure(await create(jane, bringing("x", B)))
        assert refused == (403, "Forbidden", 'configmaps "x" is forbidden: create with initializers denied: ')
        assert pending((await create(admin, bringing("x", B, C))).body) == [B, C]


async def test_an_empty_list_bypasses_initialization_for_who_may() -> None:
    async with holding(A) as admin:
        refused = await (await as_jane(admin)).create(CONFIG_MAPS, bringing("x"))
        made = await admin.made(CONFIG_MAPS, bringing("x"))

        assert failure(refused)[1] == "Forbidden"
        assert "initializers" not in made["metadata"]


async def test_what_is_brought_is_validated() -> None:
    async with holding(A) as admin:
        for obj, message in (
            (
                bringing("x", "k8s.io"),
                'metadata.initializers.pending[0].name: Invalid value: "k8s.io": '
                "should be a domain with at least three segments separated by dots",
            ),
            (bringing("x", A, A), f'metadata.initializers.pending[1].name: Duplicate value: "{A}"'),
            (
                bringing("x", A, result={"status": "Success"}),
                "metadata.initializers.result.status: Invalid value: \"Success\": must be 'Failure'",
            ),
        ):
            reply = await create(admin, obj)
            assert failure(reply) == (422, "Invalid", f'ConfigMap "x" is invalid: {message}')


async def test_a_name_is_taken_by_what_waits_too() -> None:
    async with holding(A) as admin:
        await hold(admin, "x")

        reply = await admin.create(CONFIG_MAPS, config_map("x"), includeUninitialized="true")

        assert failure(reply)[1] == "AlreadyExists"


async def test_each_takes_its_turn_and_then_there_is_nothing_left_of_it() -> None:
    async with holding(A, B) as admin:
        await hold(admin, "x")

        await take_turn(admin, "x")
        after_one = await held(admin, "x")
        await take_turn(admin, "x")

        assert (pending(after_one), "since" in after_one["metadata"]["initializers"]["pending"][0]) == ([B], True)
        assert "initializers" not in (await held(admin, "x"))["metadata"]


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({"data": {"a": "b"}}, 200),
        ({"metadata": {"initializers": {"pending": [{"name": B}]}}}, 200),
        ({"metadata": {"initializers": {"pending": [{"name": A}]}}}, 422),
        ({"metadata": {"initializers": {"pending": [{"name": B}, {"name": A}]}}}, 422),
        ({"metadata": {"initializers": {"pending": []}}}, 422),
        ({"metadata": {"initializers": None}}, 422),
        ({"metadata": {"initializers": {"result": FAILURE}}}, 200),
        ({"metadata": {"initializers": {"result": {"status": "Success"}}}}, 422),
    ],
    ids=["the object", "first", "second", "order", "all", "all by null", "result", "no failure"],
)
async def test_an_update_removes_the_first_name_or_sets_a_result(patch: Any, status: int) -> None:
    async with holding(A, B) as admin:
        await hold(admin, "x")

        assert (await (await as_jane(admin)).patch(path("x"), patch)).status == (422 if status == 422 else 403)
        assert (await admin.patch(path("x"), patch)).status == status


async def test_who_may_not_initialize_does_not_write_what_waits() -> None:
    async with holding(A) as admin:
        jane = await as_jane(admin)
        obj = await hold(admin, "x")
        message = 'configmaps "x" is forbidden: update to uninitialized resource denied: '
        applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}}

        for reply in (
            await jane.update(path("x"), {**obj, "data": {"a": "b"}}),
            await jane.patch(path("x"), {"data": {"a": "b"}}),
            await jane.patch(path("x"), applied, "apply", fieldManager="jane"),
        ):
            assert failure(reply) == (403, "Forbidden", message)


async def test_an_initialized_object_takes_an_empty_list_and_no_other() -> None:
    async with holding() as admin:
        jane = await as_jane(admin)
        obj = await admin.made(CONFIG_MAPS, config_map("x"))
        obj["metadata"]["initializers"] = {"pending": []}

        reply = await jane.update(path("x"), {**obj, "data": {"a": "b"}})
        assert (reply.status, "initializers" in reply.body["metadata"]) == (200, False)

        refused = await admin.patch(path("x"), {"metadata": {"initializers": {"pending": [{"name": A}]}}})
        assert failure(refused)[2].endswith("field is immutable once initialization has completed")


async def test_subresources_of_what_waits_are_written_by_anybody_and_change_no_initializers() -> None:
    rule = {"apiGroups": ["apps"], "apiVersions": ["*"], "resources": ["deployments"]}
    async with holding({"name": A, "rules": [rule]}, profile="kubernetes") as admin:
        obj = (await create(admin, deployment(), DEPLOYMENTS)).body
        obj["metadata"].pop("initializers")
        obj["status"] = {"replicas": 3}
        jane = await as_jane(admin)

        status = await jane.update(f"{DEPLOYMENTS}/web/status", obj)
        scale = await jane.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 5}})

        assert (status.status, pending(status.body), status.body["status"]["replicas"]) == (200, [A], 3)
        assert scale.status == 200


async def test_what_only_the_server_says_survives_clients_that_do_not_know_it() -> None:
    both = ({"name": A, "commutes": True}, {"name": B, "commutes": True, "timeoutSeconds": 60})
    async with holding(*both) as admin:
        first = await hold(admin, "x")
        sent = {**first, "metadata": {"name": "x", "initializers": {"pending": [{"name": B}]}}}

        after = (await admin.update(path("x"), sent)).body

        assert after["metadata"]["initializers"]["pending"] == first["metadata"]["initializers"]["pending"][1:]


async def test_those_that_commute_are_done_in_any_order_but_one_at_a_time() -> None:
    async with holding({"name": A, "commutes": True}, {"name": B, "commutes": True}, C) as admin:
        await hold(admin, "x")

        def left(*names: str) -> Any:
            return {"metadata": {"initializers": {"pending": [{"name": one} for one in names]}}}

        assert (await admin.patch(path("x"), left(C))).status == 422
        assert (await admin.patch(path("x"), left(A, B))).status == 422
        assert (await admin.patch(path("x"), left(A, C))).status == 200
        assert (await admin.patch(path("x"), left(A))).status == 422
        assert (await admin.patch(path("x"), left(C))).status == 200
        assert (await admin.patch(path("x"), left())).status == 200
        assert pending(await held(admin, "x")) == []


async def test_custom_resources_are_held_like_all_others() -> None:
    rule = {"apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["things"]}
    async with holding({"name": A, "rules": [rule]}) as admin:
        await define_things(admin)

        made = (await create(admin, thing("a"), THINGS)).body
        malformed = {**thing("b"), "metadata": {"name": "b", "initializers": {"pending": "x"}}}

        assert pending(made) == [A]
        assert (await create(admin, malformed, THINGS)).status == 422
        assert (await admin.patch(f"{THINGS}/a", {"metadata": {"initializers": {"pending": []}}})).status == 200
        assert await admin.names(THINGS) == ["a"]


async def test_the_workload_of_an_initializer_is_refused_with_advice() -> None:
    rule = {"apiGroups": ["apps"], "apiVersions": ["*"], "resources": ["*"]}
    account = {"namespace": "default", "name": "envoy"}
    initializers = ({"name": A, "rules": [rule], "serviceAccount": account}, {"name": B, "rules": [rule]})
    async with holding(*initializers, profile="kubernetes") as admin:
        own = deployment("envoy")
        own["spec"]["template"]["spec"]["serviceAccountName"] = "envoy"
        named = deployment("named", annotations={RUNS: B})

        for obj, whose in ((own, A), (named, B)):
            name = obj["metadata"]["name"]
            assert failure(await admin.create(DEPLOYMENTS, obj)) == (
                403,
                "Forbidden",
                f'deployments.apps "{name}" is forbidden: this is the workload of the initializer {whose}, and would '
                "wait for itself: set metadata.initializers.pending: [] to create it without waiting for any "
                "initializer",
            )
            obj["metadata"]["initializers"] = {"pending": []}
            await admin.made(DEPLOYMENTS, obj)


async def test_what_a_controller_made_of_it_waits_for_the_others_alone() -> None:
    rule = {"apiGroups": ["apps"], "apiVersions": ["*"], "resources": ["*"]}
    account = {"namespace": "default", "name": "envoy"}
    initializers = ({"name": A, "rules": [rule], "serviceAccount": account}, {"name": B, "rules": [rule]})
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "envoy", "uid": "1", "controller": True}
    async with holding(*initializers, profile="kubernetes") as admin:
        replica_set = deployment("envoy", ownerReferences=[owner])
        replica_set["kind"] = "ReplicaSet"
        replica_set["spec"]["template"]["spec"]["serviceAccountName"] = "envoy"

        made = await create(admin, replica_set, DEPLOYMENTS.replace("deployments", "replicasets"))

        assert pending(made.body) == [B]


@pytest.mark.parametrize("version", ["1.9", "1.37"])
async def test_without_the_plugin_initializers_are_dropped(version: str) -> None:
    async with serving(version=version) as admin:
        made = await admin.made(CONFIG_MAPS, bringing("x", A))
        patched = await admin.patch(path("x"), {"metadata": {"initializers": {"pending": [{"name": A}]}}})

        assert "initializers" not in made["metadata"]
        assert (patched.status, "initializers" in patched.body["metadata"]) == (200, False)


@pytest.mark.parametrize("version", ["1.7", "1.13", "1.37"])
async def test_the_plugin_brings_the_kind_that_configures_it(version: str) -> None:
    async with serving(version=version) as without, holding(version=version) as admin:
        assert (await without.get(CONFIGURATIONS)).status == 404
        assert (await admin.get(CONFIGURATIONS)).status == 200


async def test_a_kind_that_is_turned_off_configures_nothing() -> None:
    async with holding(runtime_config="admissionregistration.k8s.io/v1alpha1=false") as admin:
        assert (await admin.get(CONFIGURATIONS)).status == 404
        await admin.made(CONFIG_MAPS, config_map("x"))
