"""One chain gives way to another while requests are in flight, here and in another replica."""

import asyncio
import contextlib
import itertools
import random
from collections import defaultdict
from typing import Any

import pytest
from tests.controlplane.chain_server import CHAIN, Stamps, serving_chain
from tests.controlplane.replicas import USER, Replica, replicas

from steersman.apimachinery.errors import ApiError
from steersman.apis.admission_chains import CHAINS
from steersman.apiserver.admission import Attributes
from steersman.apiserver.registry.write_options import DeleteOptions

WRITERS, WRITES = 8, 8


async def test_replicas_switch_at_the_same_revision() -> None:
    """Whatever a cache shows, the chain of this very revision is in force there."""
    async with replicas((Stamps("A"), Stamps("B")), (Stamps("A"), Stamps("B"))) as both:
        wanted: dict[int, list[str]] = {}
        in_force: list[dict[int, list[str]]] = [{} for _ in both]
        for replica, noted in zip(both, in_force, strict=True):
            cacher = await replica.lifecycle.cacher(replica.resource(CHAINS))
            cacher.subscribe(
                lambda changes, to=noted, of=replica: to.update({changes[-1].entry.revision: of.names})  # type: ignore[misc]
            )
        for at in range(20):
            names = ["A", "B"] if at % 2 else ["B"]
            wanted[await both[at % 3 % 2].set(*names)] = names

            assert [replica.names for replica in both] == [names, names], "what is acknowledged is in force"
            made = [await replica.create(name=f"c{at}-{of}") for of, replica in enumerate(both)]
            assert [one["metadata"]["annotations"]["stamps"] for one in made] == ["".join(names)] * 2
    assert in_force == [wanted, wanted]


async def test_a_replica_that_lacks_a_plugin_says_so_and_keeps_its_chain(caplog: pytest.LogCaptureFixture) -> None:
    async with replicas((Stamps("A"),), (Stamps("A"), Stamps("B"))) as (lacks_one, has_both):
        await has_both.set("B", "A")

        assert (has_both.names, lacks_one.names) == (["B", "A"], ["AlwaysAdmit", "A"])
        assert (await has_both.ready(), await lacks_one.ready()) == (200, 500)
        assert 'is not in force: admission plugin "B" is unknown; the one before stays' in caplog.text

        await has_both.set("A")
        assert (lacks_one.names, await lacks_one.ready()) == (["A"], 200)


async def test_deleted_every_replica_goes_back_to_its_flags_and_then_to_one_chain() -> None:
    async with replicas((Stamps("A"),), (Stamps("A"),)) as both:
        await both[0].set("A")
        await both[1].lifecycle.delete(both[1].resource(CHAINS), "", CHAIN, DeleteOptions(USER))

        assert [replica.names for replica in both] == [["AlwaysAdmit", "A"]] * 2


class Wanders(Stamps):
    """Looks at every write, gives way to others in both phases, and notes whom it validated."""

    operations = frozenset(("CREATE", "UPDATE", "DELETE"))

    def __init__(self, name: str, luck: random.Random, noted: dict[str, list[str]]) -> None:
        super().__init__(name)
        self._luck, self._noted = luck, noted

    async def admit(self, attributes: Attributes) -> None:  # type: ignore[override]
        await self._give_way()
        if attributes.object is not None:
            super().admit(attributes)

    async def validate(self, attributes: Attributes) -> None:  # type: ignore[override]
        await self._give_way()
        obj = attributes.object or attributes.old_object or {}
        about = obj["metadata"]["annotations"]["request"]
        self._noted[f"{attributes.operation} {about}"].append(self.name)

    async def _give_way(self) -> None:
        for _ in range(self._luck.randrange(4)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(3))
async def test_every_request_meets_one_chain_and_all_of_it(seed: int) -> None:
    """Creates, some with a name that is taken and made anew; updates of one object, which meet; and deletions."""
    luck, noted = random.Random(seed), defaultdict[str, list[str]](list)
    plugins = tuple(Wanders(name, luck, noted) for name in ("A1", "A2", "A3", "B1", "B2", "B3"))
    chains = (["A1", "A2", "A3"], ["B1", "B2", "B3"])
    async with replicas(plugins) as (replica,):
        await replica.set(*chains[0])
        await replica.create(name="shared", annotations={"request": "first"})
        stored: list[str] = []

        async def write(of: int) -> None:
            for at in range(WRITES):
                name = {"generateName": f"g{at}-"} if at % 2 else {"name": f"c{of}-{at}"}
                stored.append(stamps(await replica.create(**name, annotations={"request": f"{of}-{at}"})))
                stored.append(stamps(await retried(replica, f"{of}-{at}")))

        async def flip() -> None:
            for at in itertools.count():
                await replica.set(*chains[at % 2])

        flipping = asyncio.create_task(flip())
        await asyncio.gather(*(write(of) for of in range(WRITERS)))
        deleted = await replica.delete_all()
        flipping.cancel()

    assert {letters(one) for one in stored} == {"A", "B"}, "each by one chain, and the test has met both"
    assert (len(stored), deleted) == (2 * WRITERS * WRITES, WRITERS * WRITES + 1)
    for request, names in noted.items():
        one = chains[names[0].startswith("B")]
        assert names == one * (len(names) // 3), request
    of_deletions = {letters("".join(names)) for request, names in noted.items() if request.startswith("DELETE")}
    assert of_deletions in ({"A"}, {"B"})


async def test_over_http_too() -> None:
    luck, noted = random.Random(1), defaultdict[str, list[str]](list)
    plugins = tuple(Wanders(name, luck, noted) for name in ("A1", "A2", "B1", "B2"))
    async with serving_chain(extra=plugins) as chain:
        await chain.set("A1", "A2")

        async def flip() -> None:
            for at in itertools.count():
                await chain.set(*("B1", "B2") if at % 2 else ("A1", "A2"))

        async def write(of: int) -> list[Any]:
            return [await chain.write(f"c{of}-{at}", request=f"{of}-{at}") for at in range(WRITES)]

        flipping = asyncio.create_task(flip())
        made = [one for written in await asyncio.gather(*map(write, range(WRITERS))) for one in written]
        flipping.cancel()

    assert {stamps(one) for one in made} == {"A1A2", "B1B2"}
    assert len(noted) == WRITERS * WRITES
    for one in made:
        about = one["metadata"]["annotations"]["request"]
        assert "".join(noted[f"CREATE {about}"]) == stamps(one)


async def retried(replica: Replica, request: str) -> Any:
    """An update of what all writers update: each try is a request, which tries a few times itself."""
    attempts = itertools.count()
    while True:
        with contextlib.suppress(ApiError):
            return await replica.annotate("shared", {"request": f"{request}-{next(attempts)}"})


def stamps(obj: Any) -> str:
    marks: str = obj["metadata"]["annotations"]["stamps"]
    return marks


def letters(marks: str) -> str:
    """The chains that left these marks."""
    return "".join(sorted({mark for mark in marks if mark.isalpha()}))
