"""What a MutatingAdmissionPolicy in force does to objects."""

from typing import Any

import pytest
from tests.admission.policy.serving import (
    DEPLOYMENTS,
    LIMITS,
    MUTATING,
    NAMESPACES,
    apply_configuration,
    config_map,
    config_maps,
    define_limits,
    json_patch,
    mutate,
    rule,
    serving,
    validate,
)

from steersman.apimachinery.errors import ApiError

LABEL = "Object{metadata: Object.metadata{labels: {'team': 'a'}}}"
DEPLOYMENT = {
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web:1", "args": ["-v"]}]},
        },
    },
}
OF_DEPLOYMENTS = (rule("deployments", group="apps"),)
BY = "policy 'policy' with binding 'policy-binding' denied request: "


def containers(*made: str) -> str:
    """An apply configuration of a deployment with these containers."""
    path = "Object.spec.template.spec"
    listed = ", ".join(f"{path}.containers{{{one}}}" for one in made)
    return f"Object{{spec: Object.spec{{template: Object.spec.template{{spec: {path}{{containers: [{listed}]}}}}}}}}"


async def refusal_of(client: Any, obj: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as refusal:
        await config_maps(client).create(obj)
    return refusal.value


async def test_an_apply_configuration_is_merged_into_the_object() -> None:
    async with serving() as client:
        await mutate(client, apply_configuration(LABEL))

        created = await config_maps(client).create(config_map("x", a="1"))

    assert created["metadata"]["labels"] == {"team": "a"}
    assert created["data"] == {"a": "1"}


async def test_items_of_lists_are_merged_by_their_keys() -> None:
    sidecar = containers("name: 'proxy', image: 'proxy:1'", "name: 'web', imagePullPolicy: 'Always'")
    async with serving() as client:
        await mutate(client, apply_configuration(sidecar), rules=OF_DEPLOYMENTS)

        spec = (await client.resource(DEPLOYMENTS).create(DEPLOYMENT))["spec"]["template"]["spec"]

    merged = {one["name"]: one for one in spec["containers"]}
    assert merged["web"]["image"] == "web:1"
    assert merged["web"]["imagePullPolicy"] == "Always"
    # What the policy has added gets its defaults.
    assert merged["proxy"]["terminationMessagePath"] == "/dev/termination-log"


async def test_optional_fields_are_left_out() -> None:
    expression = "Object{data: {'size': string(object.data.size())}, ?immutable: object.?immutable}"
    async with serving() as client:
        await mutate(client, apply_configuration(expression))

        created = await config_maps(client).create(config_map("x", a="1"))

    assert created["data"] == {"a": "1", "size": "1"}
    assert "immutable" not in created


async def test_custom_resources_merge_by_their_own_schema() -> None:
    async with serving() as client:
        await define_limits(client)
        of_limits = (rule("limits", group="example.com"),)
        await mutate(client, apply_configuration("Object{names: ['b', 'c'], max: object.max + 1}"), rules=of_limits)
        await mutate(client, apply_configuration("Object{tags: ['x']}"), name="tags", rules=of_limits)
        limits = client.resource(LIMITS)
        body = {"metadata": {"name": "x", "namespace": "default"}, "names": ["a", "b"]}

        with pytest.raises(ApiError, match=r"may not mutate atomic arrays, maps or structs: [.]tags"):
            await limits.create(body)
        await client.resource(MUTATING).delete("tags")
        created = await limits.create(body)

    assert (created["names"], created["max"]) == (["a", "b", "c"], 10)


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        (
            # No ConfigMap may have such a key: it is gone again by the end.
            "[JSONPatch{op: 'add', path: '/data/b~1~0', value: '2'},"
            " JSONPatch{op: 'move', from: '/data/' + jsonpatch.escapeKey('b/~'), path: '/data/b'}]",
            {"a": "1", "b": "2"},
        ),
        ("[JSONPatch{op: 'add', path: '/data/b', value: '2'}]", {"a": "1", "b": "2"}),
        ("[JSONPatch{op: 'replace', path: '/data/a', value: string(1 + 1)}]", {"a": "2"}),
        ("[JSONPatch{op: 'copy', from: '/data/a', path: '/data/b'}]", {"a": "1", "b": "1"}),
        ("[JSONPatch{op: 'move', from: '/data/a', path: '/data/b'}]", {"b": "1"}),
        ("[JSONPatch{op: 'remove', path: '/data/a'}, JSONPatch{op: 'add', path: '/data/b', value: ''}]", {"b": ""}),
        ("[JSONPatch{op: 'test', path: '/data/a', value: '1'}, JSONPatch{op: 'remove', path: '/data/a'}]", {}),
        (
            "[JSONPatch{op: 'test', path: '/data/a', value: '9'}, JSONPatch{op: 'remove', path: '/data/a'}]",
            {"a": "1"},
        ),
        (
            "[JSONPatch{op: 'test', path: '/data/b', value: '9'}, JSONPatch{op: 'remove', path: '/data/a'}]",
            {"a": "1"},
        ),
        ("object.data.size() > 1 ? [JSONPatch{op: 'remove', path: '/data/a'}] : []", {"a": "1"}),
    ],
)
async def test_json_patches_are_applied(expression: str, data: dict[str, str]) -> None:
    async with serving() as client:
        await mutate(client, json_patch(expression))

        created = await config_maps(client).create(config_map("x", a="1"))

    assert (created.get("data") or {}) == data


async def test_mutations_see_what_those_before_them_made() -> None:
    async with serving() as client:
        await mutate(
            client,
            apply_configuration("Object{data: {'one': '1'}}"),
            json_patch("[JSONPatch{op: 'add', path: '/data/two', value: string(object.data.size())}]"),
            name="a",
        )
        three = "Object{data: {'three': string(object.data.size() + 1)}}"
        await mutate(client, apply_configuration(three), name="b")

        created = await config_maps(client).create(config_map())

    assert created["data"] == {"one": "1", "two": "1", "three": "3"}


async def test_variables_parameters_and_conditions_as_in_validations() -> None:
    async with serving() as client:
        await config_maps(client).create(config_map("defaults", team="blue"))
        await mutate(
            client,
            apply_configuration("Object{metadata: Object.metadata{labels: {'team': variables.team}}}"),
            paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
            variables=[{"name": "team", "expression": "params.data.team + '-' + request.operation.lowerAscii()"}],
            matchConditions=[{"name": "unlabelled", "expression": "!has(object.metadata.labels)"}],
            binding={"paramRef": {"name": "defaults", "namespace": "default", "parameterNotFoundAction": "Deny"}},
        )
        mine = {"metadata": {"name": "mine", "namespace": "default", "labels": {"a": "b"}}}

        assert (await config_maps(client).create(config_map()))["metadata"]["labels"] == {"team": "blue-create"}
        assert (await config_maps(client).create(mine))["metadata"]["labels"] == {"a": "b"}


async def test_parameters_stay_as_they_are() -> None:
    async with serving() as client:
        await config_maps(client).create(config_map("defaults", a="1"))
        kind = {"apiVersion": "v1", "kind": "ConfigMap"}
        reference = {"paramRef": {"name": "defaults", "parameterNotFoundAction": "Deny"}}
        await mutate(
            client, apply_configuration("Object{data: params.data}"), name="a", binding=reference, paramKind=kind
        )
        await mutate(client, json_patch("[JSONPatch{op: 'add', path: '/data/b', value: 'x'}]"), name="b")

        for name in ("x", "y"):
            assert (await config_maps(client).create(config_map(name)))["data"] == {"a": "1", "b": "x"}


@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        (
            apply_configuration("Object{missing: 1}"),
            "error applying patch: failed to convert patch object to typed object: "
            ".missing: field not declared in schema",
        ),
        (
            apply_configuration("Object{data: {'a': object.data.gone}}"),
            "expression 'Object{data: {'a': object.data.gone}}' resulted in error: no such key: gone",
        ),
        (apply_configuration("Object{metadata: Object.metadata{name: 'y'}}"), "metadata.name may not be changed"),
        (
            json_patch("[JSONPatch{op: 'remove', path: '/data/gone'}]"),
            "JSON Patch: error in remove for path: '/data/gone': Unable to remove nonexistent key: gone: missing value",
        ),
        (json_patch("[JSONPatch{op: 'replace', path: '', value: 1}]"), "JSON Patch: the patched object is no object"),
        (json_patch("[JSONPatch{op: 'replace', path: '/kind', value: 'Secret'}]"), "kind may not be changed"),
        (json_patch("[JSONPatch{op: 'leap', path: '/kind'}]"), "JSON Patch: Unexpected kind: leap"),
    ],
)
@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
async def test_what_cannot_be_mutated_is_refused_unless_the_policy_fails_open(
    mutation: dict[str, Any], message: str, policy: str
) -> None:
    async with serving() as client:
        await mutate(client, mutation, failurePolicy=policy)
        if policy == "Ignore":
            assert (await config_maps(client).create(config_map(a="1")))["data"] == {"a": "1"}
            return
        refusal = await refusal_of(client, config_map(a="1"))

    assert refusal.message == f"{BY}{message}"
    assert (refusal.code, refusal.reason) == (403, "Invalid")
    assert refusal.details == {"name": "x", "kind": "configmaps", "causes": [{"message": f"{BY}{message}"}]}


async def test_what_is_atomic_may_not_be_mutated() -> None:
    async with serving() as client:
        await mutate(client, apply_configuration(containers("name: 'web', args: ['-q']")), rules=OF_DEPLOYMENTS)

        with pytest.raises(ApiError) as refusal:
            await client.resource(DEPLOYMENTS).create(DEPLOYMENT)

    assert refusal.value.message == (
        f"{BY}error applying patch: invalid ApplyConfiguration: "
        "may not mutate atomic arrays, maps or structs: .spec.template.spec.containers[0].args"
    )


async def test_an_object_that_is_none_of_its_kind_is_the_servers_failure() -> None:
    async with serving() as client:
        await mutate(client, json_patch("[JSONPatch{op: 'add', path: '/date', value: 1}]"), failurePolicy="Ignore")

        refusal = await refusal_of(client, config_map())

    assert (refusal.code, refusal.reason) == (500, "InternalError")
    assert 'unknown field "date"' in refusal.message


async def test_every_failure_is_a_cause() -> None:
    async with serving() as client:
        await mutate(
            client, json_patch("[JSONPatch{op: 'remove', path: '/gone'}]"), apply_configuration("Object{x: 1}")
        )
        await mutate(
            client,
            apply_configuration(LABEL),
            name="other",
            paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
            binding={"paramRef": {"name": "none", "parameterNotFoundAction": "Deny"}},
        )

        refusal = await refusal_of(client, config_map())

    assert refusal.details is not None
    messages = [cause["message"] for cause in refusal.details["causes"]]
    assert (
        messages[0]
        == refusal.message
        == (
            "policy 'other' with binding 'other-binding' denied request: failed to configure binding: "
            "no params found for policy binding with `Deny` parameterNotFoundAction"
        )
    )
    assert refusal.reason == "Forbidden"
    assert [message.startswith(BY) for message in messages] == [False, True, True]


async def test_updates_are_mutated_and_deletions_are_not_asked_about() -> None:
    async with serving() as client:
        await config_maps(client).create(config_map())
        await mutate(client, apply_configuration(LABEL), rules=(rule(operations=("*",)),))

        updated = await config_maps(client).update(config_map(a="1"))
        await config_maps(client).delete("x")

    assert updated["metadata"]["labels"] == {"team": "a"}


async def test_validations_see_what_mutations_made() -> None:
    async with serving() as client:
        await mutate(client, apply_configuration(LABEL))
        await validate(client, "object.metadata.labels.team == 'a'")

        await config_maps(client).create(config_map())


async def test_a_scale_is_mutated_as_a_scale() -> None:
    expression = "Object{spec: Object.spec{replicas: object.spec.replicas > 3 ? 3 : object.spec.replicas}}"
    async with serving() as client:
        await mutate(
            client,
            apply_configuration(expression),
            rules=(rule("deployments/scale", group="apps", operations=("UPDATE",)),),
        )
        deployments = client.resource(DEPLOYMENTS)
        await deployments.create(DEPLOYMENT)
        await deployments.set_scale("web", 5)

        assert (await deployments.get("web"))["spec"]["replicas"] == 3


async def test_of_a_status_only_the_status_is_mutated() -> None:
    async with serving() as client:
        expression = "Object{metadata: Object.metadata{labels: {'a': 'b'}}, spec: Object.spec{paused: true}}"
        status = (rule("deployments/status", group="apps", operations=("UPDATE",)),)
        await mutate(client, apply_configuration(expression), rules=status)
        deployments = client.resource(DEPLOYMENTS)
        await deployments.create(DEPLOYMENT)
        await deployments.patch("web", {"status": {"observedGeneration": 1}}, subresource="status")

        found = await deployments.get("web")

    assert found["status"]["observedGeneration"] == 1
    assert "paused" not in found["spec"]
    assert "labels" not in found["metadata"]


async def test_cluster_scoped_objects_are_mutated_too() -> None:
    async with serving() as client:
        await mutate(client, apply_configuration(LABEL), rules=(rule("namespaces"),))

        created = await client.resource(NAMESPACES).create({"metadata": {"name": "team"}})

    assert created["metadata"]["labels"]["team"] == "a"
