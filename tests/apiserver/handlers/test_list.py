"""LIST: collections, selectors, pages, and which state they show."""

import asyncio
from typing import Any

import pytest
from tests.apiserver.api_client import CONFIG_MAPS, THINGS, Client, config_map, failure, serving, thing

ALL = "/api/v1/configmaps"


async def make(api: Client, names: str, **labels: str) -> None:
    for name in names.split():
        body = config_map(name)
        body["metadata"]["labels"] = {"name": name, **labels}
        await api.made(CONFIG_MAPS, body)


async def pages(api: Client, limit: int, **query: str) -> list[list[str]]:
    """The names on each page."""
    found, token = [], ""
    while True:
        body = (await api.get(CONFIG_MAPS, limit=str(limit), **query, **({"continue": token} if token else {}))).body
        found.append([item["metadata"]["name"] for item in body["items"]])
        token = body["metadata"].get("continue", "")
        if not token:
            return found


async def test_an_empty_list(stored: Client) -> None:
    body = (await stored.get(CONFIG_MAPS)).body

    assert (body["kind"], body["apiVersion"], body["items"]) == ("ConfigMapList", "v1", [])
    assert int(body["metadata"]["resourceVersion"]) > 0
    assert body["metadata"].keys() == {"resourceVersion"}


async def test_a_list_is_in_order_of_names(stored: Client) -> None:
    await make(stored, "b a c")

    assert await stored.names(CONFIG_MAPS) == ["a", "b", "c"]
    assert await stored.names(ALL) == ["a", "b", "c"]
    assert await stored.names("/api/v1/namespaces/kube-system/configmaps") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"labelSelector": "name=a"}, ["a"]),
        ({"labelSelector": "name!=a,name in (a,b)"}, ["b"]),
        ({"labelSelector": "!name"}, []),
        ({"fieldSelector": "metadata.name=b"}, ["b"]),
        ({"fieldSelector": "metadata.name!=b"}, ["a", "c"]),
        ({"fieldSelector": "metadata.name=none"}, []),
        ({"fieldSelector": "metadata.namespace=default"}, ["a", "b", "c"]),
        ({"fieldSelector": "metadata.namespace=kube-system"}, []),
        ({"fieldSelector": "metadata.name=b,metadata.namespace=default"}, ["b"]),
        ({"fieldSelector": "metadata.name=b", "labelSelector": "name=a"}, []),
    ],
)
@pytest.mark.parametrize("path", [CONFIG_MAPS, ALL])
async def test_selectors(api: Client, path: str, query: dict[str, str], names: list[str]) -> None:
    await make(api, "a b c")

    assert await api.names(path, **query) == names


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"fieldSelector": "spec.x=1"}, "field label not supported: spec.x"),
        ({"fieldSelector": "a"}, "invalid selector: 'a'; can't understand 'a'"),
        ({"labelSelector": "a in ("}, "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ({"limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"continue": "x"}, None),
        ({"continue": "e30"}, None),
        ({"resourceVersion": "x"}, None),
    ],
)
async def test_parameters_that_cannot_be_read(api: Client, query: dict[str, str], message: str | None) -> None:
    code, reason, text = failure(await api.get(CONFIG_MAPS, **query))

    assert (code, reason) == (400, "BadRequest")
    assert message in (None, text)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"resourceVersionMatch": "Exact"},
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
            'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            {"resourceVersionMatch": "Newest", "resourceVersion": "1"},
            'resourceVersionMatch: Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
        ),
        (
            {"sendInitialEvents": "true"},
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
    ],
)
async def test_parameters_that_mean_nothing(api: Client, query: dict[str, str], message: str) -> None:
    refused = failure(await api.get(CONFIG_MAPS, **query))

    assert refused == (422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {message}')


async def test_pages(stored: Client) -> None:
    await make(stored, "a b c d e")

    first = (await stored.get(CONFIG_MAPS, limit="2")).body

    assert first["metadata"]["remainingItemCount"] == 3
    assert await pages(stored, 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert await pages(stored, 5) == [["a", "b", "c", "d", "e"]]


async def test_pages_are_all_of_one_state(stored: Client) -> None:
    await make(stored, "a b c")
    first = (await stored.get(CONFIG_MAPS, limit="1")).body

    await stored.delete(f"{CONFIG_MAPS}/b")
    await make(stored, "aa bb d")
    await stored.patch(f"{CONFIG_MAPS}/c", {"data": {"x": "1"}})

    rest = (await stored.get(CONFIG_MAPS, **{"continue": first["metadata"]["continue"]})).body
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b", "c"]
    assert "data" not in rest["items"][1]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_pages_of_a_selector_are_full(api: Client) -> None:
    await make(api, "a c e g", odd="no")
    await make(api, "b d f", odd="yes")

    found = await pages(api, 2, labelSelector="odd=yes")

    assert found == [["b", "d"], ["f"]]
    first = (await api.get(CONFIG_MAPS, limit="2", labelSelector="odd=yes")).body
    assert "remainingItemCount" not in first["metadata"], "it is not known how many of the rest match"


async def test_a_page_of_a_compacted_state_is_gone() -> None:
    async with serving(compaction_interval=0.02) as api:
        await make(api, "a b")
        first = (await api.get(CONFIG_MAPS, limit="1")).body
        token = first["metadata"]["continue"]
        async with asyncio.timeout(10):
            while (reply := await api.get(CONFIG_MAPS, **{"continue": token})).status == 200:
                await api.patch(f"{CONFIG_MAPS}/a", [{"op": "add", "path": "/data", "value": {"x": "1"}}], "json")
                await api.patch(f"{CONFIG_MAPS}/a", {"data": None})

        rest = await api.get(CONFIG_MAPS, **{"continue": reply.body["metadata"]["continue"]})

    code, reason, message = failure(reply)
    assert (code, reason) == (410, "Expired")
    assert message.startswith("The provided continue parameter is too old to display a consistent list result.")
    assert [item["metadata"]["name"] for item in rest.body["items"]] == ["b"], "the rest, as it is by now"


async def test_a_long_list_as_yaml(api: Client) -> None:
    await make(api, " ".join(f"c{number}" for number in range(12)))

    reply = await api.get(CONFIG_MAPS, accept="application/yaml")

    assert reply.content_type == "application/yaml"
    assert reply.body.count("kind: ConfigMap\n") == 12


@pytest.mark.parametrize("match", ["Exact", ""])
async def test_a_list_of_a_past_state(stored: Client, match: str) -> None:
    await make(stored, "a b")
    past = (await stored.get(CONFIG_MAPS)).body["metadata"]["resourceVersion"]
    await make(stored, "c")
    await stored.delete(f"{CONFIG_MAPS}/a")
    query = {"resourceVersionMatch": match} if match else {"limit": "10"}

    reply = await stored.get(CONFIG_MAPS, resourceVersion=past, **query)

    assert [item["metadata"]["name"] for item in reply.body["items"]] == ["a", "b"]
    assert reply.body["metadata"]["resourceVersion"] == past


@pytest.mark.parametrize(
    "query",
    [
        {"resourceVersion": "0"},
        {"resourceVersion": "1"},
        {"resourceVersion": "1", "resourceVersionMatch": "NotOlderThan"},
    ],
)
async def test_a_list_not_older_than(api: Client, query: dict[str, str]) -> None:
    await make(api, "a")

    assert await api.names(CONFIG_MAPS, **query) == ["a"]


@pytest.mark.parametrize("path", [CONFIG_MAPS, f"{CONFIG_MAPS}/a"])
async def test_a_state_of_the_future_does_not_come(api: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(api, "a")
    monkeypatch.setattr("steersman.apiserver.handlers.list.FRESHNESS_WAIT", 0.01)

    reply = await api.get(path, resourceVersion="99999")

    assert failure(reply)[:2] == (504, "Timeout")
    assert reply.body["details"]["causes"] == [
        {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    ]


async def test_continuing_and_a_resource_version_exclude_each_other(api: Client) -> None:
    await make(api, "a b")
    token = (await api.get(CONFIG_MAPS, limit="1")).body["metadata"]["continue"]

    refused = failure(await api.get(CONFIG_MAPS, resourceVersion="3", **{"continue": token}))

    assert refused[2] == "specifying resource version is not allowed when using continue"


@pytest.mark.parametrize("query", [{"labelSelector": "a=b"}, {"limit": "1"}])
async def test_custom_resources_are_listed_alike(things: Client, query: dict[str, Any]) -> None:
    body = thing()
    body["metadata"]["labels"] = {"a": "b"}
    await things.made(THINGS, body)

    reply = (await things.get("/apis/example.com/v1/things", **query)).body

    assert (reply["kind"], reply["apiVersion"]) == ("ThingList", "example.com/v1")
    assert [item["metadata"]["name"] for item in reply["items"]] == ["a"]
