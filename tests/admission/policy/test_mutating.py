import pytest
from tests.admission.policy.serving import (
    DEPLOYMENTS,
    apply_configuration,
    config_map,
    config_maps,
    json_patch,
    mutate,
    rule,
    serving,
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


async def test_an_apply_configuration_is_merged_into_the_object() -> None:
    async with serving() as client:
        await mutate(client, apply_configuration(LABEL))

        created = await config_maps(client).create(config_map("x", a="1"))

    assert created["metadata"]["labels"] == {"team": "a"}
    assert created["data"] == {"a": "1"}


async def test_items_of_lists_are_merged_by_their_keys() -> None:
    sidecar = (
        "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: ["
        "Object.spec.template.spec.containers{name: 'proxy', image: 'proxy:1'},"
        "Object.spec.template.spec.containers{name: 'web', imagePullPolicy: 'Always'}]}}}}"
    )
    async with serving() as client:
        await mutate(client, apply_configuration(sidecar), rules=(rule("deployments", group="apps"),))

        spec = (await client.resource(DEPLOYMENTS).create(DEPLOYMENT))["spec"]["template"]["spec"]

    containers = {one["name"]: one for one in spec["containers"]}
    assert containers["web"]["image"] == "web:1"
    assert containers["web"]["imagePullPolicy"] == "Always"
    assert containers["proxy"]["terminationMessagePath"] == "/dev/termination-log"


async def test_a_json_patch_is_applied() -> None:
    patch = "[JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('a~b'), value: string(object.data.size())}]"
    async with serving() as client:
        await mutate(client, json_patch(patch))

        created = await config_maps(client).create(config_map("x", a="1"))

    assert created["data"] == {"a": "1", "a~b": "1"}


async def test_what_is_atomic_may_not_be_mutated() -> None:
    arguments = (
        "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: ["
        "Object.spec.template.spec.containers{name: 'web', args: ['-q']}]}}}}"
    )
    async with serving() as client:
        await mutate(client, apply_configuration(arguments), rules=(rule("deployments", group="apps"),))

        with pytest.raises(ApiError) as refusal:
            await client.resource(DEPLOYMENTS).create(DEPLOYMENT)

    assert refusal.value.message == (
        "policy 'policy' with binding 'policy-binding' denied request: error applying patch: invalid "
        "ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.template.spec.containers[0].args"
    )
    assert (refusal.value.code, refusal.value.reason) == (403, "Invalid")
