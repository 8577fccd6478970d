from tests.admission.plugin_server import refusal, serving

from steersman.client.kinds import core_v1


async def test_the_first_object_brings_its_namespace_along() -> None:
    async with serving("NamespaceAutoProvision", "NamespaceLifecycle") as client:
        created = await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="new")
        namespace = await client.resource(core_v1.NAMESPACES).get("new")

    assert created["metadata"].get("namespace") == "new"
    assert namespace.get("status") == {"phase": "Active"}


async def test_a_namespace_that_is_there_is_left_as_it_is() -> None:
    async with serving("NamespaceAutoProvision", "NamespaceLifecycle") as client:
        namespaces = client.resource(core_v1.NAMESPACES)
        before = await namespaces.get("default")
        await client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="default")

        assert await namespaces.get("default") == before


async def test_a_dry_run_brings_none() -> None:
    async with serving("NamespaceAutoProvision", "NamespaceLifecycle") as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        refused = await refusal(config_maps.create({"metadata": {"name": "x"}}, namespace="new", dry_run=True))
        gone = await refusal(client.resource(core_v1.NAMESPACES).get("new"))

    assert refused.message == 'namespaces "new" not found'
    assert gone.reason == "NotFound"


async def test_a_name_that_no_namespace_can_have_is_refused() -> None:
    async with serving("NamespaceAutoProvision") as client:
        refused = await refusal(
            client.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}}, namespace="a.b")
        )

    assert refused.reason == "Invalid"
    assert refused.message.startswith('Namespace "a.b" is invalid: metadata.name: ')


async def test_only_a_create_brings_one() -> None:
    async with serving("NamespaceAutoProvision") as client:
        changed = await refusal(client.resource(core_v1.CONFIG_MAPS).patch("x", {"data": {}}, namespace="new"))
        await client.resource(core_v1.NODES).create({"metadata": {"name": "new"}})
        gone = await refusal(client.resource(core_v1.NAMESPACES).get("new"))

    assert (changed.reason, gone.reason) == ("NotFound", "NotFound")
