from tests.admission.plugin_server import serving

from steersman.client.kinds import core_v1


async def test_everything_is_left_as_it_is() -> None:
    async with serving("AlwaysAdmit") as client:
        config_maps = client.resource(core_v1.CONFIG_MAPS)
        created = await config_maps.create({"metadata": {"name": "x"}, "data": {"a": "b"}}, namespace="anywhere")
        updated = await config_maps.patch("x", {"data": {"a": "c"}}, namespace="anywhere")
        await config_maps.delete("x", namespace="anywhere")

    assert (created.get("data"), updated.get("data")) == ({"a": "b"}, {"a": "c"})
