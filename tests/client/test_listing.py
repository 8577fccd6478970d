"""Pages of long lists, and what happens when their revision is lost between two of them."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from steersman.apimachinery.errors import ApiError, expired
from steersman.client import ApiResource, Client, Listing, ObjectList, ResourceClient
from steersman.client.api_resource import DICTS
from steersman.client.listing import read_list
from steersman.client.transport import TransportError
from steersman.controlplane import ControlPlane

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
SECRETS = ApiResource("", "v1", "secrets", "Secret", True, DICTS)
"""Of which a new namespace has none."""
MANY = 1100
EXPECTED = [f"n{number}" for number in range(6)]

Objects = ObjectList[dict[str, Any]]


def names(objects: Objects) -> list[str]:
    return [one["metadata"]["name"] for one in objects]


async def test_more_than_a_thousand(client: Client) -> None:
    secrets = client.resource(SECRETS)
    expected = [f"one-{number:04}" for number in range(MANY)]
    for name in expected:
        await secrets.create({"metadata": {"name": name}})

    listing = secrets.list()
    assert [one["metadata"]["name"] async for one in listing] == expected
    pages = [page async for page in listing.pages()]
    assert [len(page) for page in pages] == [500, 500, 100]
    assert [page.remaining for page in pages] == [600, 100, None]
    assert len({page.resource_version for page in pages}) == 1
    everything = await listing
    assert names(everything) == expected
    assert everything.resource_version == pages[0].resource_version
    first = await secrets.list(limit=10).page()
    rest = await secrets.list(continue_token=first.continue_token)
    assert names(first) + names(rest) == expected


class ForgetfulServer:
    """Serves ``count`` objects in pages, and loses the revision of a list after ``pages_kept`` of its pages."""

    def __init__(self, count: int, *, pages_kept: int, gives_token: bool = True, first_empty: bool = False) -> None:
        self.count, self.pages_kept, self.gives_token, self.first_empty = count, pages_kept, gives_token, first_empty
        self.asked: list[Mapping[str, str]] = []

    async def fetch(self, query: Mapping[str, str]) -> bytes:
        self.asked.append(query)
        token, limit = query.get("continue", "consistent:0"), int(query.get("limit", self.count))
        kind, _, start = token.partition(":")
        if kind == "consistent" and int(start) >= self.pages_kept * limit and "continue" in query:
            error = expired("The provided continue parameter is too old")
            error.metadata = {"continue": f"inconsistent:{start}"} if self.gives_token else {}
            raise error
        begin, end = int(start), min(int(start) + limit, self.count)
        skipped = self.first_empty and begin == 0 and "limit" in query
        items = [] if skipped else [{"metadata": {"name": f"n{number}"}} for number in range(begin, end)]
        more = {"continue": f"{kind}:{end}"} if end < self.count else {}
        version = "7" if kind == "consistent" else "9"
        return orjson.dumps({"kind": "ConfigMapList", "metadata": {"resourceVersion": version, **more}, "items": items})


def listing(server: ForgetfulServer, **query: str) -> Listing[dict[str, Any]]:
    return Listing(server.fetch, {"limit": "2", "labelSelector": "a=b", **query}, CONFIG_MAPS)


async def test_iteration_goes_on_with_what_there_is_now() -> None:
    server = ForgetfulServer(6, pages_kept=2)
    pages = [page async for page in listing(server).pages()]
    assert [name for page in pages for name in names(page)] == EXPECTED
    assert [page.consistent for page in pages] == [True, True, False]
    assert [query.get("continue") for query in server.asked] == [None, "consistent:2", "consistent:4", "inconsistent:4"]
    assert all(query["labelSelector"] == "a=b" for query in server.asked)


async def test_pages_stay_inconsistent() -> None:
    pages = [page async for page in listing(ForgetfulServer(6, pages_kept=1)).pages()]
    assert [page.consistent for page in pages] == [True, False, False]


async def test_everything_is_asked_for_again_at_once() -> None:
    server = ForgetfulServer(6, pages_kept=2)
    everything = await listing(server, resourceVersion="7")
    assert (names(everything), everything.resource_version) == (EXPECTED, "7")
    assert server.asked[-1] == {"labelSelector": "a=b", "resourceVersion": "7"}
    assert "resourceVersion" not in server.asked[1]


async def test_iteration_that_gave_out_nothing_begins_anew() -> None:
    server = ForgetfulServer(6, pages_kept=1, first_empty=True)
    pages = [page async for page in listing(server).pages()]
    assert [names(page) for page in pages] == [[], EXPECTED]
    assert all(page.consistent for page in pages)


async def test_without_a_fresh_token_iteration_fails() -> None:
    pages = listing(ForgetfulServer(6, pages_kept=1, gives_token=False)).pages()
    assert names(await anext(pages)) == ["n0", "n1"]
    with pytest.raises(ApiError, match="too old") as error:
        await anext(pages)
    assert error.value.code == 410


async def test_a_page_whose_revision_a_real_server_compacted() -> None:
    async with ControlPlane(compaction_interval=0.02) as control_plane, Client(control_plane.client_config()) as client:
        config_maps = client.resource(CONFIG_MAPS)
        for name in "abcd":
            await config_maps.create({"metadata": {"name": name}})
        pages = config_maps.list(limit=2).pages()
        first = await anext(pages)
        with pytest.raises(ApiError) as error:
            await ask_for_ever(config_maps, first.continue_token)
        assert error.value.reason == "Expired"
        (rest,) = [page async for page in pages]
        assert names(first) + names(rest) == ["a", "b", "c", "d"]
        assert not rest.consistent


async def ask_for_ever(config_maps: ResourceClient[dict[str, Any]], token: str) -> None:
    """Ask for a page while its state is superseded."""
    while True:
        await config_maps.patch("d", {"data": {"a": "b"}})
        await config_maps.patch("d", {"data": None})
        await config_maps.list(limit=2, continue_token=token).page()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"items":null,"metadata":null}', ObjectList([], "")),
        (b'{"metadata":{"resourceVersion":"3","continue":"","remainingItemCount":null}}', ObjectList([], "3")),
        (
            b'{"kind":"ConfigMapList","items":[{"kind":"ConfigMap","data":{}}, { }],"metadata":{"continue":"x"}}',
            ObjectList(
                [{"apiVersion": "v1", "kind": "ConfigMap", "data": {}}, {"apiVersion": "v1", "kind": "ConfigMap"}],
                "",
                "x",
            ),
        ),
    ],
)
def test_lists_as_servers_write_them(body: bytes, expected: Objects) -> None:
    assert read_list(body, CONFIG_MAPS) == expected


def test_a_body_that_was_cut_off() -> None:
    with pytest.raises(TransportError, match="list cannot be read"):
        read_list(b'{"items":[{"metadata":{"name":', CONFIG_MAPS)
