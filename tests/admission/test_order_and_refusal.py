"""The order of the chain and the end of it, told by plugins that record when they are asked."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving
from tests.admission.resource_quota.quota_server import add_quota, used_of

from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import OPERATIONS, Attributes
from steersman.client import Client
from steersman.client.kinds import core_v1

WATCHED = frozenset((core_v1.CONFIG_MAPS.group_resource,))
NAMES = ("a", "b", "c")


class Recorder:
    """Notes when it is asked in which phase; in the phase that is given it refuses what is named ``refused``."""

    operations, resources = frozenset(OPERATIONS), WATCHED

    def __init__(self, name: str, notes: list[str], refuses: str = "") -> None:
        self.name, self._notes, self._refuses = name, notes, refuses

    def admit(self, attributes: Attributes) -> None:
        self._look("admit", attributes)

    def validate(self, attributes: Attributes) -> None:
        self._look("validate", attributes)

    def _look(self, phase: str, attributes: Attributes) -> None:
        self._notes.append(f"{phase} {self.name}")
        if phase == self._refuses and attributes.name == "refused":
            raise forbidden(attributes.group_resource, attributes.name, f"{self.name} does not {phase} it")


def config_map(name: str, **data: Any) -> Any:
    return {"metadata": {"name": name}, "data": data}


ALL = [f"{phase} {name}" for phase in ("admit", "validate") for name in NAMES]
REQUESTS: dict[str, tuple[Callable[[Client], Awaitable[object]], list[str]]] = {
    "create": (lambda client: client.resource(core_v1.CONFIG_MAPS).create(config_map("y")), ALL),
    "update": (lambda client: client.resource(core_v1.CONFIG_MAPS).update(config_map("x", a="b")), ALL),
    "patch": (lambda client: client.resource(core_v1.CONFIG_MAPS).patch("x", {"data": {"a": "c"}}), ALL),
    "dry run": (lambda client: client.resource(core_v1.CONFIG_MAPS).create(config_map("z"), dry_run=True), ALL),
    "delete": (lambda client: client.resource(core_v1.CONFIG_MAPS).delete("x"), ALL),
    "get": (lambda client: client.resource(core_v1.CONFIG_MAPS).get("x"), []),
    "list": (lambda client: client.resource(core_v1.CONFIG_MAPS).list().page(), []),
    "another kind": (lambda client: client.resource(core_v1.SECRETS).create({"metadata": {"name": "y"}}), []),
}


@pytest.mark.parametrize("request_", REQUESTS)
async def test_all_mutate_in_order_and_then_all_validate(request_: str) -> None:
    notes: list[str] = []
    do, expected = REQUESTS[request_]
    async with serving(extra=[Recorder(name, notes) for name in NAMES]) as client:
        await client.resource(core_v1.CONFIG_MAPS).create(config_map("x"))
        notes.clear()

        await do(client)

    assert notes == expected


@pytest.mark.parametrize(
    ("phase", "asked"), [("admit", ["admit a", "admit b"]), ("validate", [*ALL[:3], "validate a", "validate b"])]
)
async def test_nothing_is_asked_stored_or_counted_after_a_refusal(phase: str, asked: list[str]) -> None:
    notes: list[str] = []
    recorders = [Recorder(name, notes, phase if name == "b" else "") for name in NAMES]
    async with serving("ResourceQuota", extra=recorders) as client:
        await add_quota(client, "q", {"count/configmaps": "5"})
        before = await used_of(client)
        notes.clear()

        refused = await refusal(client.resource(core_v1.CONFIG_MAPS).create(config_map("refused")))
        missing = await refusal(client.resource(core_v1.CONFIG_MAPS).get("refused"))
        after = await used_of(client)

    assert (refused.code, refused.message) == (403, f'configmaps "refused" is forbidden: b does not {phase} it')
    assert (notes, missing.reason, after) == (asked, "NotFound", before)


async def test_an_object_is_validated_between_the_phases() -> None:
    notes: list[str] = []
    async with serving(extra=[Recorder(name, notes) for name in NAMES]) as client:
        invalid = await refusal(client.resource(core_v1.CONFIG_MAPS).create(config_map("Not_A_Name")))

    assert invalid.code == 422
    assert notes == ALL[:3]
