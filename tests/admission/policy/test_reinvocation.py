"""The second round of mutations: who is asked again, and when."""

from typing import Any

import pytest
from tests.admission.policy.serving import apply_configuration, config_map, config_maps, json_patch, mutate, serving

from steersman.apiserver.admission import Attributes

COUNT = json_patch(
    "[JSONPatch{op: 'add', path: '/data/count', value: string(int(object.data.?count.orValue('0')) + 1)}]"
)
"""How often the mutation was made."""


@pytest.mark.parametrize(("reinvocation", "count"), [("IfNeeded", "2"), ("Never", "1")])
async def test_a_mutation_is_made_again_after_a_later_policy_changed_the_object(reinvocation: str, count: str) -> None:
    async with serving() as client:
        await mutate(client, COUNT, name="a", reinvocation=reinvocation)
        await mutate(client, apply_configuration("Object{data: {'late': 'yes'}}"), name="b")

        created = await config_maps(client).create(config_map(a="1"))

    assert created["data"] == {"a": "1", "late": "yes", "count": count}


async def test_its_own_change_is_no_reason_to_make_a_mutation_again() -> None:
    async with serving() as client:
        await mutate(client, COUNT, reinvocation="IfNeeded")

        created = await config_maps(client).create(config_map(a="1"))

    assert created["data"] == {"a": "1", "count": "1"}


async def test_a_change_of_nothing_is_no_reason_either() -> None:
    async with serving() as client:
        await mutate(client, COUNT, name="a", reinvocation="IfNeeded")
        await mutate(client, apply_configuration("Object{data: {'a': '1'}}"), name="b")

        created = await config_maps(client).create(config_map(a="1"))

    assert created["data"] == {"a": "1", "count": "1"}


class Late:
    """A plugin of another kind, that changes the object behind the policies and wants a second round."""

    name, operations, resources = "Late", frozenset(("CREATE",)), None

    def admit(self, attributes: Attributes) -> None:
        obj: Any = attributes.object
        if not attributes.reinvoked and obj["kind"] == "ConfigMap" and "late" not in obj["data"]:
            obj["data"]["late"] = "yes"
            attributes.wants_reinvocation = True


async def test_a_change_by_another_plugin_is_a_reason() -> None:
    async with serving(Late()) as client:
        await mutate(client, COUNT, reinvocation="IfNeeded")

        created = await config_maps(client).create(config_map(a="1"))

    assert created["data"] == {"a": "1", "late": "yes", "count": "2"}
