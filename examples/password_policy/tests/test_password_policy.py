"""A control plane in this process, with the plugin as it is installed: found by its entry point."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from password_policy.configuration import Configuration, parse

from steersman.admission.selection import AdmissionOptions
from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.kinds.core_v1 import SECRETS
from steersman.controlplane import ControlPlane

CONFIGURATION = Path(__file__).parents[1] / "admission.yaml"
SHORT, LONG = "too short", "long enough, it is"
MESSAGE = 'data[{}]: Invalid value: "<secret contents redacted>": must have at least {} bytes'


both = pytest.mark.parametrize(
    ("configuration", "least"), [(None, 12), (CONFIGURATION, 16)], ids=["unconfigured", "configured"]
)


@pytest.fixture
def configuration() -> Path | None:
    return None


@pytest.fixture
async def client(configuration: Path | None) -> AsyncIterator[Client]:
    admission = AdmissionOptions(enable=("PasswordPolicy",), configuration=configuration)
    async with ControlPlane(admission=admission) as control_plane, Client(control_plane.client_config()) as client:
        yield client


def secret(**passwords: str) -> Any:
    return {"metadata": {"name": "db"}, "stringData": passwords}


@both
async def test_a_short_password_is_refused(client: Client, least: int) -> None:
    with pytest.raises(ApiError) as refusal:
        await client.resource(SECRETS).create(secret(password="x" * (least - 1)))

    assert refusal.value.code == 403
    assert refusal.value.message == f'secrets "db" is forbidden: {MESSAGE.format("password", least)}'


@both
async def test_a_long_one_is_stored(client: Client, least: int) -> None:
    await client.resource(SECRETS).create(secret(password="x" * least))


async def test_a_long_one_cannot_become_short(client: Client) -> None:
    secrets = client.resource(SECRETS)
    await secrets.create(secret(password=LONG))

    with pytest.raises(ApiError, match="must have at least"):
        await secrets.patch("db", {"stringData": {"password": SHORT}})


@pytest.mark.parametrize("configuration", [CONFIGURATION])
async def test_every_key_that_is_too_short_is_named(client: Client) -> None:
    with pytest.raises(ApiError) as refusal:
        await client.resource(SECRETS).create(secret(password=SHORT, passphrase=SHORT))

    each = ", ".join(MESSAGE.format(key, 16) for key in ("password", "passphrase"))
    assert refusal.value.message == f'secrets "db" is forbidden: {each}'


async def test_other_keys_are_left_alone(client: Client) -> None:
    await client.resource(SECRETS).create(secret(username="me"))


async def test_a_password_from_before_the_policy_may_stay(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'data.db'}"
    async with ControlPlane(store=store) as before, Client(before.client_config()) as client:
        await client.resource(SECRETS).create(secret(password=SHORT))

    admission = AdmissionOptions(enable=("PasswordPolicy",))
    async with ControlPlane(store=store, admission=admission) as after, Client(after.client_config()) as client:
        labelled = await client.resource(SECRETS).patch("db", {"metadata": {"labels": {"app": "db"}}})

    assert labelled["metadata"].get("labels") == {"app": "db"}


def test_the_configuration_says_which_keys_and_how_long() -> None:
    assert parse(None) == Configuration(12, ("password",))
    assert parse({"minLength": 20, "keys": ["pin"]}) == Configuration(20, ("pin",))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"minLength": 0}, "minLength: must be a whole number of at least 1"),
        ({"minLength": "12"}, "minLength: must be a whole number of at least 1"),
        ({"minLength": True}, "minLength: must be a whole number of at least 1"),
        ({"keys": "password"}, "keys: must be a list of at least one key"),
        ({"keys": []}, "keys: must be a list of at least one key"),
        ({"minlength": 12}, "minlength: unknown field; there are minLength and keys"),
    ],
)
def test_a_configuration_that_is_wrong_is_refused(document: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(document)
