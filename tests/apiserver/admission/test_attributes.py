"""What plugins are told of a request: its options, and when its answer has to be there."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.apiserver.api_client import CONFIG_MAPS, Client, config_map, failure

from steersman.admission.selection import AdmissionOptions
from steersman.apiserver.admission import Attributes
from steersman.apiserver.handlers.options import REQUEST_SECONDS
from steersman.apiserver.http.message import PeerCertificate
from steersman.controlplane import ControlPlane


class Witness:
    name, operations, resources = "Witness", frozenset(("CREATE", "UPDATE", "DELETE")), None

    def __init__(self) -> None:
        self.seen: list[Attributes] = []

    def validate(self, attributes: Attributes) -> None:
        if attributes.resource.plural == "configmaps":
            self.seen.append(attributes)


@pytest.fixture
async def witness() -> Witness:
    return Witness()


@pytest.fixture
async def api(witness: Witness) -> AsyncIterator[Client]:
    async with ControlPlane(admission=AdmissionOptions(extra=(witness,))) as control_plane:
        yield Client(control_plane.handler, PeerCertificate("admin", ("system:masters",)))


async def test_options_of_each_verb(api: Client, witness: Witness) -> None:
    await api.made(CONFIG_MAPS, config_map("a"), fieldManager="me", fieldValidation="Strict")
    await api.patch(f"{CONFIG_MAPS}/a", {"data": {"x": "y"}}, fieldManager="you")
    await api.delete(f"{CONFIG_MAPS}/a", {"propagationPolicy": "Orphan", "gracePeriodSeconds": 5, "dryRun": ["All"]})

    assert [(one.operation, one.options, one.dry_run) for one in witness.seen] == [
        ("CREATE", {"fieldManager": "me", "fieldValidation": "Strict"}, False),
        ("UPDATE", {"fieldManager": "you", "fieldValidation": "Warn"}, False),
        ("DELETE", {"propagationPolicy": "Orphan", "gracePeriodSeconds": 5}, True),
    ]


@pytest.mark.parametrize(
    ("timeout", "seconds"), [("", REQUEST_SECONDS), ("10s", 10.0), ("1h", REQUEST_SECONDS), ("0s", REQUEST_SECONDS)]
)
async def test_the_deadline_is_what_the_client_asks_within_bounds(
    api: Client, witness: Witness, timeout: str, seconds: float
) -> None:
    before = asyncio.get_running_loop().time()
    await api.made(CONFIG_MAPS, config_map("a"), timeout=timeout)
    after = asyncio.get_running_loop().time()

    (seen,) = witness.seen
    assert seen.deadline is not None
    assert before + seconds <= seen.deadline <= after + seconds


async def test_a_timeout_that_is_none_is_refused(api: Client) -> None:
    reply = await api.create(CONFIG_MAPS, config_map("a"), timeout="soon")

    assert failure(reply) == (400, "BadRequest", "invalid timeout specified in the request URL")
