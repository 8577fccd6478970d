import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from steersman.apimachinery.errors import ApiError, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import AdmissionChain, AdmissionPlugin, Attributes, ChainMetrics
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.resource import Resource
from steersman.storage.store import StoreClosed

SECRETS, PODS = GroupResource("", "secrets"), GroupResource("", "pods")
ALL = frozenset(("CREATE", "UPDATE", "DELETE", "CONNECT"))
Act = Callable[[Attributes], Awaitable[None] | None]


class Recorder:
    """Notes when it is asked in which phase, then does as told."""

    def __init__(
        self,
        name: str,
        notes: list[str],
        *,
        operations: frozenset[str] = ALL,
        resources: frozenset[GroupResource] | None = None,
        act: Act = lambda _: None,
    ) -> None:
        self.name, self.operations, self.resources = name, operations, resources
        self._notes, self._act = notes, act


class Mutates(Recorder):
    def admit(self, attributes: Attributes) -> Awaitable[None] | None:
        self._notes.append(f"admit {self.name}")
        return self._act(attributes)


class Validates(Recorder):
    def validate(self, attributes: Attributes) -> Awaitable[None] | None:
        self._notes.append(f"validate {self.name}")
        return self._act(attributes)


class Both(Mutates, Validates):
    pass


def chain(*plugins: AdmissionPlugin, metrics: Metrics | None = None) -> AdmissionChain:
    return AdmissionChain(ChainMetrics(metrics or Metrics({})), plugins)


def attributes(operation: str = "CREATE") -> Attributes:
    return Attributes(operation, cast(Resource, None), "ns", "x", {"metadata": {}}, None, UserInfo("jane"))


async def run(chain: AdmissionChain, request: Attributes, resource: GroupResource = PODS) -> None:
    steps = chain.steps(request.operation, resource)
    await steps.admit(request)
    await steps.validate(request)


def refuse(request: Attributes) -> None:
    raise forbidden(PODS, request.name, "no")


async def test_all_mutate_in_order_before_any_validates() -> None:
    notes: list[str] = []

    await run(chain(Validates("a", notes), Both("b", notes), Mutates("c", notes)), attributes())

    assert notes == ["admit b", "admit c", "validate a", "validate b"]


@pytest.mark.parametrize(
    ("plugins", "asked"),
    [((Both, Mutates), ["admit 0"]), ((Validates, Validates), ["validate 0"])],
    ids=["mutating", "validating"],
)
async def test_the_first_refusal_ends_the_request(plugins: tuple[type[Mutates], ...], asked: list[str]) -> None:
    notes: list[str] = []
    made = [plugin(str(at), notes, act=refuse) for at, plugin in enumerate(plugins)]

    with pytest.raises(ApiError) as refusal:
        await run(chain(*made), attributes())

    assert (refusal.value.code, notes) == (403, asked)


async def test_what_one_changes_the_next_one_sees() -> None:
    def label(request: Attributes) -> None:
        assert request.object is not None
        request.object["metadata"].setdefault("labels", {})[str(len(request.object["metadata"]["labels"]))] = "x"

    def start(request: Attributes) -> None:
        request.object = {"metadata": {"labels": {"replaced": "yes"}}}

    request = attributes()

    await run(chain(Mutates("a", [], act=start), Mutates("b", [], act=label)), request)

    assert request.object == {"metadata": {"labels": {"replaced": "yes", "1": "x"}}}


@pytest.mark.parametrize(
    ("operation", "resource", "asked"),
    [
        ("CREATE", SECRETS, ["admit of-all", "admit of-secrets", "validate of-all"]),
        ("UPDATE", SECRETS, ["admit of-all", "validate of-all"]),
        ("CREATE", PODS, ["admit of-all", "validate of-all"]),
    ],
)
async def test_only_those_are_asked_whom_it_concerns(operation: str, resource: GroupResource, asked: list[str]) -> None:
    notes: list[str] = []
    of_secrets = Mutates("of-secrets", notes, operations=frozenset(("CREATE",)), resources=frozenset((SECRETS,)))

    await run(chain(Both("of-all", notes), of_secrets), attributes(operation), resource)

    assert notes == asked


async def test_a_plugin_may_wait() -> None:
    gate = asyncio.Event()

    async def wait(request: Attributes) -> None:
        await gate.wait()
        request.warnings.append("waited")

    request = attributes()
    running = asyncio.ensure_future(run(chain(Mutates("slow", [], act=wait)), request))
    await asyncio.sleep(0)
    assert not running.done()

    gate.set()
    await running

    assert request.warnings == ["waited"]


async def test_one_more_round_when_a_plugin_wants_it() -> None:
    notes: list[str] = []

    def want(request: Attributes) -> None:
        request.wants_reinvocation = True

    await run(chain(Mutates("a", notes), Both("b", notes, act=want)), attributes())

    assert notes == ["admit a", "admit b", "admit a", "admit b", "validate b"]


async def test_a_failure_names_the_plugin_and_refuses() -> None:
    def fail(request: Attributes) -> None:
        raise KeyError("secret detail")

    with pytest.raises(ApiError) as refusal:
        await run(chain(Validates("Broken", [], act=fail)), attributes())

    assert refusal.value.code == 500
    assert '"Broken"' in refusal.value.message
    assert "secret detail" not in refusal.value.message


async def test_a_server_that_stops_is_no_failure_of_a_plugin() -> None:
    def stop(request: Attributes) -> None:
        raise StoreClosed

    with pytest.raises(StoreClosed):
        await run(chain(Validates("fine", [], act=stop)), attributes())


async def test_a_request_ends_with_the_chain_that_it_started_with() -> None:
    notes: list[str] = []
    changing, request = chain(Both("old", notes)), attributes()
    steps = changing.steps("CREATE", PODS)
    await steps.admit(request)

    changing.install([Both("new", notes)])
    await steps.validate(request)
    await run(changing, attributes())

    assert notes == ["admit old", "validate old", "admit new", "validate new"]


def test_a_chain_that_cannot_be_is_refused_and_the_old_one_stays() -> None:
    good = Both("good", [])
    changing = chain(good)

    with pytest.raises(ValueError, match="stand twice: a"):
        changing.install([Mutates("a", []), Validates("a", [])])
    with pytest.raises(ValueError, match="idle has neither admit nor validate"):
        changing.install([Recorder("idle", [])])

    assert changing.plugins == (good,)


async def test_plugins_are_released_when_the_last_request_that_began_with_them_is_over() -> None:
    notes: list[str] = []
    changing = chain()
    changing.install([Both("old", notes)], lambda: notes.append("released"))
    first, second = (changing.steps("CREATE", PODS) for _ in range(2))

    changing.install([Both("new", notes)])
    del first
    assert notes == []

    del second
    assert notes == ["released"]


async def test_what_is_exempt_meets_no_plugin() -> None:
    notes: list[str] = []
    exempting = AdmissionChain(ChainMetrics(Metrics({})), [Both("a", notes)], exempt=frozenset((SECRETS,)))

    await run(exempting, attributes(), SECRETS)
    await run(exempting, attributes(), PODS)

    assert notes == ["admit a", "validate a"]


async def test_durations_are_counted_by_plugin_and_outcome() -> None:
    metrics = Metrics({})
    refusing = chain(Mutates("fine", []), Mutates("strict", [], act=refuse), metrics=metrics)

    with pytest.raises(ApiError):
        await run(refusing, attributes())

    counted = ChainMetrics(metrics)
    assert {row: sum(observed.counts) for row, observed in counted.plugins.values.items()} == {
        ("fine", "CREATE", "false", "admit"): 1,
        ("strict", "CREATE", "true", "admit"): 1,
    }
    assert list(counted.steps.values) == [("CREATE", "true", "admit")]
