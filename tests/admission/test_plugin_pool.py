"""Which plugins a change of the chain keeps, makes and closes."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.controlplane.chain_server import CHAIN, Stamps
from tests.controlplane.replicas import USER, Replica, replicas

from steersman.apimachinery.errors import ApiError
from steersman.apis.admission_chains import CHAINS
from steersman.apiserver.registry.write_options import WriteOptions

KEEPS = """
import asyncio

from steersman.apimachinery.errors import forbidden

MADE, CLOSED = [], []


class Plugin:
    name, operations, resources = "Keeps", frozenset(("CREATE",)), None

    def __init__(self, configuration):
        self.configuration, self.open = configuration, asyncio.Event()
        self.entered = asyncio.Event()
        if not (configuration or {}).get("shut"):
            self.open.set()
        MADE.append(self)

    @classmethod
    def create(cls, context, configuration):
        if (configuration or {}).get("wrong"):
            raise ValueError("that is wrong")
        return cls(configuration)

    async def admit(self, attributes):
        self.entered.set()
        await self.open.wait()
        if (self.configuration or {}).get("refuses"):
            raise forbidden(attributes.group_resource, attributes.name, "no")

    async def close(self):
        CLOSED.append(self)
        if (self.configuration or {}).get("fails"):
            raise OSError("will not close")
"""
MODULE = "a_package_that_keeps_things"
SHUT = {"name": "Keeps", "configuration": {"shut": True}}


@pytest.fixture
def keeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Another package, whose plugin Keeps is in no chain yet."""
    (tmp_path / f"{MODULE}.py").write_text(KEEPS)
    information = tmp_path / f"{MODULE}-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 1\n")
    names = ("Keeps = {}:Plugin", "Misnamed = {}:Plugin")
    points = "\n".join(one.format(MODULE) for one in names)
    (information / "entry_points.txt").write_text(f"[steersman.admission]\n{points}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return __import__(MODULE)


async def put(replica: Replica, *plugins: Any, dry_run: bool = False) -> None:
    spec = {"plugins": [{"name": one} if isinstance(one, str) else one for one in plugins]}
    options = WriteOptions(USER, dry_run=dry_run)
    await replica.lifecycle.update(replica.resource(CHAINS), "", CHAIN, lambda live: {**live, "spec": spec}, options)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


async def test_what_stays_the_same_is_the_same(keeps: ModuleType) -> None:
    async with replicas(()) as (replica,):
        await put(replica, "Keeps", "AlwaysAdmit")
        before = replica.chain.admission.plugins

        await put(
            replica, {"name": "AlwaysAdmit", "configuration": {}}, {"name": "Keeps", "enabled": True}, "LimitRanger"
        )
        after = replica.chain.admission.plugins

        assert (after[1], after[0]) == before[:2]
        assert (len(keeps.MADE), len(keeps.CLOSED)) == (1, 0)
    assert keeps.MADE == keeps.CLOSED, "it is closed with the server"


async def test_another_configuration_is_another_plugin(keeps: ModuleType) -> None:
    async with replicas(()) as (replica,):
        await put(replica, {"name": "Keeps", "configuration": {"a": [1, 2]}})
        (first,) = replica.chain.admission.plugins
        await put(replica, {"name": "Keeps", "configuration": {"a": [2, 1]}})
        (second,) = replica.chain.admission.plugins

        assert first is not second
        await until(lambda: first in keeps.CLOSED)
        assert second not in keeps.CLOSED


async def test_a_plugin_is_closed_when_the_last_request_that_began_with_it_is_over(keeps: ModuleType) -> None:
    async with replicas(()) as (replica,):
        await put(replica, SHUT)
        (plugin,) = replica.chain.admission.plugins
        creating = asyncio.create_task(replica.create(name="x"))
        await plugin.entered.wait()  # type: ignore[attr-defined]

        await put(replica, "AlwaysAdmit")
        await replica.create(name="y")
        assert plugin not in keeps.CLOSED
        plugin.open.set()  # type: ignore[attr-defined]
        await creating

        await until(lambda: plugin in keeps.CLOSED)


async def test_requests_that_are_refused_are_over_too(keeps: ModuleType) -> None:
    async with replicas(()) as (replica,):
        await put(replica, {"name": "Keeps", "configuration": {"refuses": True}})
        (plugin,) = replica.chain.admission.plugins
        codes = await asyncio.gather(*(refused(replica.create(name=f"c{at}")) for at in range(5)))
        await put(replica, "AlwaysAdmit")

        assert codes == [403] * 5
        await until(lambda: plugin in keeps.CLOSED)


async def test_a_plugin_that_comes_back_in_time_is_not_closed(keeps: ModuleType) -> None:
    async with replicas(()) as (replica,):
        await put(replica, SHUT)
        (plugin,) = replica.chain.admission.plugins
        creating = asyncio.create_task(replica.create(name="x"))
        await plugin.entered.wait()  # type: ignore[attr-defined]

        await put(replica, "AlwaysAdmit")
        await put(replica, SHUT)
        plugin.open.set()  # type: ignore[attr-defined]
        await creating
        await replica.create(name="y")

        assert replica.chain.admission.plugins == (plugin,)
        assert plugin not in keeps.CLOSED


@pytest.mark.parametrize("others", [("AlwaysAdmit",), ("EventRateLimit",)], ids=["a dry run", "one that is refused"])
async def test_what_was_made_to_look_at_a_chain_is_closed_again(keeps: ModuleType, others: tuple[str, ...]) -> None:
    async with replicas(()) as (replica,):
        with contextlib.suppress(ApiError):
            await put(replica, "Keeps", *others, dry_run=True)

        assert len(keeps.MADE) == 1
        await until(lambda: keeps.MADE == keeps.CLOSED)
        assert replica.names == ["AlwaysAdmit"]


async def test_a_chain_is_made_whole_or_not_at_all(keeps: ModuleType) -> None:
    async with replicas((), (Stamps("B"),)) as (lacks_b, has_b):
        await put(has_b, "Keeps", "B")

        assert (lacks_b.names, has_b.names) == (["AlwaysAdmit"], ["Keeps", "B"])
        await until(lambda: len(keeps.CLOSED) == len(keeps.MADE) - 1)
        assert has_b.chain.admission.plugins[0] not in keeps.CLOSED


async def test_plugins_of_the_caller_are_closed_once_and_only_with_the_server() -> None:
    stays, goes = Stamps("Stays"), Stamps("Goes")
    async with replicas((stays, goes)) as (replica,):
        await put(replica, "Stays")
        await put(replica, "Stays", "Goes")
        await put(replica, "Stays")
        await replica.create(name="x")

        assert (stays.closed, goes.closed) == (0, 0)
    assert (stays.closed, goes.closed) == (1, 1)


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        ({"name": "Keeps", "configuration": {"wrong": True}}, "that is wrong"),
        ("Misnamed", 'spec.plugins[0].name: Invalid value: admission plugin "Misnamed" calls itself "Keeps"'),
    ],
)
async def test_a_plugin_that_cannot_be_made_is_told_by_its_place(keeps: ModuleType, plugin: Any, message: str) -> None:
    async with replicas(()) as (replica,):
        with pytest.raises(ApiError) as refusal:
            await put(replica, plugin)

    assert message in refusal.value.message
    assert refusal.value.code == 422


@pytest.mark.parametrize("odd", [[], {"a": 1}, "text", 3, True, [{}], {"x": None}], ids=repr)
async def test_odd_configurations_of_every_plugin_are_refused_or_make_one(odd: Any) -> None:
    """None is met by a failure of the server."""
    members = ("limits", "imagePolicy", "podNodeSelectorPluginConfig", "defaults", "exemptions", "kubeConfigFile")
    async with replicas(()) as (replica,):
        known = [one["metadata"]["name"] for one in replica.plugin_objects()]
        assert len(known) > 40
        for name in known:
            for member in members:
                code = await refused(put(replica, {"name": name, "configuration": {member: odd}}, dry_run=True))
                assert code in (None, 422)


async def refused(write: Awaitable[object]) -> int | None:
    try:
        await write
    except ApiError as error:
        return error.code
    return None


async def test_a_plugin_that_fails_to_close_stops_nothing(keeps: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    async with replicas(()) as (replica,):
        await put(replica, {"name": "Keeps", "configuration": {"fails": True}})
        await put(replica, "AlwaysAdmit")
        await until(lambda: bool(keeps.CLOSED))
        await replica.create(name="x")

    assert "admission plugin Keeps failed to close" in caplog.text
