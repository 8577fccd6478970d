"""pods/eviction: Pods go as far as their disruption budgets allow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.apiserver.api_client import Client, Reply, causes, failure
from tests.apiserver.pods import PODS, SUCCESS, WEB, pod, serving_pods, set_status

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import Attributes

BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
BUDGET = f"{BUDGETS}/budget"
EVICTION = f"{WEB}/eviction"
VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget."
READY = [{"type": "Ready", "status": "True"}]


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving_pods() as client:
        yield client


def eviction(name: str = "web", **options: Any) -> Any:
    return {"metadata": {"name": name}, **({"deleteOptions": options} if options else {})}


async def running(api: Client, name: str = "web", *, conditions: Any = READY, **metadata: Any) -> Any:
    """A Pod with the label app=web, that runs."""
    await api.made(PODS, pod(name, labels={"app": "web"}, **metadata))
    return await set_status(api, f"{PODS}/{name}", phase="Running", conditions=conditions)


async def budget(api: Client, name: str = "budget", *, spec: Any = None, **status: Any) -> Any:
    """A budget of the Pods with app=web, and what its controller says of it."""
    selector = {"matchLabels": {"app": "web"}}
    await api.made(BUDGETS, {"metadata": {"name": name}, "spec": {"selector": selector, **(spec or {})}})
    known = {"observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}
    return await set_status(api, f"{BUDGETS}/{name}", **{**known, "disruptionsAllowed": 0, **status})


async def is_there(api: Client, path: str = WEB) -> bool:
    return (await api.get(path)).status == 200


def is_violation(reply: Reply) -> bool:
    return failure(reply) == (429, "TooManyRequests", VIOLATED)


async def test_a_pod_without_budget_goes(api: Client) -> None:
    await running(api)
    await budget(api, spec={"selector": {"matchLabels": {"app": "other"}}})

    reply = await api.create(EVICTION, {"apiVersion": "policy/v1", "kind": "Eviction", **eviction()})

    assert (reply.status, reply.body) == (201, SUCCESS)
    assert not await is_there(api)


async def test_a_budget_allows_so_many(api: Client) -> None:
    for name in ("web", "two"):
        await running(api, name)
    await budget(api, disruptionsAllowed=1)

    assert (await api.create(EVICTION, eviction())).body == SUCCESS
    refused = await api.create(f"{PODS}/two/eviction", eviction("two"))

    assert is_violation(refused)
    assert refused.body["details"]["causes"] == [
        {
            "reason": "DisruptionBudget",
            "message": "The disruption budget budget needs 1 healthy pods and has 1 currently",
        }
    ]
    assert not await is_there(api)
    assert await is_there(api, f"{PODS}/two")


async def test_a_budget_remembers_whom_it_let_go(api: Client) -> None:
    await running(api)
    before = await budget(api, disruptionsAllowed=1)

    await api.made(EVICTION, eviction())

    after = (await api.get(BUDGET)).body
    status = after["status"]
    assert (status["disruptionsAllowed"], set(status["disruptedPods"])) == (0, {"web"})
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"], condition["reason"], condition["observedGeneration"]) == (
        "DisruptionAllowed",
        "False",
        "InsufficientPods",
        1,
    )
    assert after["spec"] == before["spec"]


async def test_parallel_evictions_never_take_too_many(api: Client) -> None:
    names = [f"web-{index}" for index in range(24)]
    for name in names:
        await running(api, name)
    await budget(api, disruptionsAllowed=9)

    replies = await asyncio.gather(*(api.create(f"{PODS}/{name}/eviction", eviction(name)) for name in names))

    assert sorted(reply.status for reply in replies) == [201] * 9 + [429] * 15
    assert len(await api.names(PODS)) == 15
    status = (await api.get(BUDGET)).body["status"]
    assert (status["disruptionsAllowed"], len(status["disruptedPods"])) == (0, 9)


async def test_a_budget_that_its_controller_has_not_seen(api: Client) -> None:
    await running(api)
    await budget(api, observedGeneration=0, disruptionsAllowed=5)

    refused = await api.create(EVICTION, eviction())

    assert is_violation(refused)
    assert causes(refused) == [("", "The disruption budget budget is still being processed by the server.")]
    assert refused.headers["retry-after"] == ["10"]
    assert refused.body["details"]["retryAfterSeconds"] == 10


async def test_more_than_one_budget_is_too_many(api: Client) -> None:
    await running(api)
    for name in ("a", "b"):
        await budget(api, name, disruptionsAllowed=1)

    refused = await api.create(EVICTION, eviction())

    told = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    assert failure(refused)[::2] == (500, told)
    assert await is_there(api)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"disruptionsAllowed": -1}, "pdb disruptions allowed is negative"),
        (
            {"disruptionsAllowed": 1, "disruptedPods": {f"p{index}": "2026-01-01T00:00:00Z" for index in range(2001)}},
            "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
        ),
    ],
)
async def test_budgets_in_a_state_that_should_not_be(api: Client, status: Any, message: str) -> None:
    await running(api)
    await budget(api, **status)

    refused = await api.create(EVICTION, eviction())

    told = f'poddisruptionbudget.policy "budget" is forbidden: {message}'
    assert failure(refused) == (403, "Forbidden", told)


@pytest.mark.parametrize("phase", ["Pending", "Succeeded", "Failed"])
async def test_pods_that_no_budget_counts(api: Client, phase: str) -> None:
    await running(api)
    await set_status(api, WEB, phase=phase)
    await budget(api)

    assert (await api.create(EVICTION, eviction())).status == 201
    assert not await is_there(api)


async def test_a_pod_on_its_way_out_is_let_go(api: Client) -> None:
    await running(api, finalizers=["x.io/y"])
    await api.delete(WEB)
    await budget(api)

    assert (await api.create(EVICTION, eviction())).status == 201
    assert (await api.get(BUDGET)).body["status"].get("disruptedPods") is None


@pytest.mark.parametrize(
    ("policy", "status", "goes"),
    [
        ("", {"currentHealthy": 2, "desiredHealthy": 2}, True),
        ("", {"currentHealthy": 1, "desiredHealthy": 2}, False),
        ("", {"currentHealthy": 0, "desiredHealthy": 0}, False),
        ("IfHealthyBudget", {"currentHealthy": 1, "desiredHealthy": 2}, False),
        ("AlwaysAllow", {"currentHealthy": 1, "desiredHealthy": 2}, True),
    ],
)
async def test_unready_pods(api: Client, policy: str, status: Any, goes: bool) -> None:
    await running(api, conditions=[{"type": "Ready", "status": "False"}])
    await budget(api, spec={"unhealthyPodEvictionPolicy": policy} if policy else {}, **status)

    reply = await api.create(EVICTION, eviction())

    assert reply.status == (201 if goes else 429)
    assert await is_there(api) is not goes
    assert (await api.get(BUDGET)).body["status"].get("disruptedPods") is None


@pytest.mark.parametrize(("selector", "goes"), [({}, False), (None, True)])
async def test_an_empty_selector_selects_all_pods(api: Client, selector: Any, goes: bool) -> None:
    await running(api)
    await budget(api, spec={"selector": selector})

    assert (await api.create(EVICTION, eviction())).status == (201 if goes else 429)


async def test_the_pod_says_why_it_goes(api: Client) -> None:
    await running(api, finalizers=["x.io/y"])

    await api.made(EVICTION, eviction())

    stored = (await api.get(WEB)).body
    assert stored["metadata"]["deletionTimestamp"]
    condition = stored["status"]["conditions"][-1]
    assert condition == {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
        "lastTransitionTime": condition["lastTransitionTime"],
    }
    assert (await api.create(EVICTION, eviction())).status == 201
    assert (await api.get(WEB)).body == stored


@pytest.mark.parametrize("asked", ["query", "body"])
async def test_a_dry_run_evicts_nothing(api: Client, asked: str) -> None:
    before = await running(api)
    allowed = await budget(api, disruptionsAllowed=1)
    options: Any
    query: Any
    options, query = ({"dryRun": ["All"]}, {}) if asked == "body" else ({}, {"dryRun": "All"})

    for _ in range(2):
        assert (await api.create(EVICTION, eviction(**options), **query)).body == SUCCESS
    assert (await api.get(WEB)).body == before
    assert (await api.get(BUDGET)).body == allowed

    await set_status(api, BUDGET, disruptionsAllowed=0)
    assert is_violation(await api.create(EVICTION, eviction(**options), **query))


@pytest.mark.parametrize("phase", ["Running", "Pending", "Failed"])
@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
async def test_preconditions(api: Client, field: str, phase: str) -> None:
    await running(api)
    made = await set_status(api, WEB, phase=phase)

    refused = await api.create(EVICTION, eviction(preconditions={field: "7"}))
    assert failure(refused)[:2] == (409, "Conflict")
    assert await is_there(api)
    assert (await api.get(WEB)).body == made

    await api.made(EVICTION, eviction(preconditions={field: made["metadata"][field]}))
    assert not await is_there(api)


async def test_the_name_is_that_of_the_url(api: Client) -> None:
    await running(api)

    refused = await api.create(EVICTION, eviction("other"))

    assert failure(refused) == (400, "BadRequest", "name in URL does not match name in Eviction object")


async def test_without_a_pod(api: Client) -> None:
    assert failure(await api.create(EVICTION, eviction())) == (404, "NotFound", 'pods "web" not found')


@pytest.mark.parametrize(
    ("minor", "sent", "status"),
    [
        ("1.37", "policy/v1", 201),
        ("1.37", "policy/v1beta1", 201),
        ("1.37", "policy/v2", 400),
        ("1.21", "policy/v1beta1", 201),
        ("1.21", "policy/v1", 400),
    ],
)
async def test_versions_of_the_body(minor: str, sent: str, status: int) -> None:
    async with serving_pods(version=minor) as api:
        await running(api)

        reply = await api.create(EVICTION, {"apiVersion": sent, "kind": "Eviction", **eviction()})

        assert reply.status == status, reply.body


async def test_in_old_minors_pods_do_not_say_why_they_go() -> None:
    async with serving_pods(version="1.20") as api:
        await running(api, finalizers=["x.io/y"])

        await api.made(EVICTION, eviction())

        assert [one["type"] for one in (await api.get(WEB)).body["status"]["conditions"]] == ["Ready"]


class Meddler:
    """An admission plugin that does something to the budget, once, when its status is about to be written."""

    name = "Meddler"
    operations = frozenset(("UPDATE",))
    resources = frozenset((GroupResource("policy", "poddisruptionbudgets"),))

    def __init__(self) -> None:
        self.then: list[Callable[[], Awaitable[Any]]] = []

    async def admit(self, attributes: Attributes) -> None:
        if self.then:
            await self.then.pop()()


@asynccontextmanager
async def meddled() -> AsyncIterator[tuple[Client, Meddler]]:
    """A server with a running Pod, and a budget that allows one disruption."""
    meddler = Meddler()
    async with serving_pods(admission=AdmissionOptions(control=("AlwaysAdmit",), extra=[meddler])) as api:
        await running(api)
        await budget(api, disruptionsAllowed=1)
        yield api, meddler


async def test_a_disruption_that_another_server_took_meanwhile_is_not_taken_twice() -> None:
    async with meddled() as (api, meddler):
        meddler.then.append(lambda: set_status(api, BUDGET, disruptionsAllowed=0))

        assert is_violation(await api.create(EVICTION, eviction()))
        assert await is_there(api)


async def test_a_budget_that_goes_meanwhile_stands_in_nobodys_way() -> None:
    async with meddled() as (api, meddler):
        meddler.then.append(lambda: api.delete(BUDGET))

        assert (await api.create(EVICTION, eviction())).body == SUCCESS
        assert not await is_there(api)
