"""``fieldValidation`` (KEP-2885): unknown and duplicate fields are dropped, warned of, or refused."""

import pytest
from tests.apiserver.api_client import CONFIG_MAPS, DEPLOYMENTS, THINGS, Client, deployment, failure, thing

UNKNOWN = '299 - "unknown field \\"spec.colour\\""'


@pytest.mark.parametrize(("validation", "warnings"), [("", [UNKNOWN]), ("Warn", [UNKNOWN]), ("Ignore", [])])
@pytest.mark.parametrize("path", [THINGS, DEPLOYMENTS])
async def test_unknown_fields_are_dropped(things: Client, path: str, validation: str, warnings: list[str]) -> None:
    body = thing() if path == THINGS else deployment()
    body["spec"]["colour"] = "red"

    reply = await things.create(path, body, fieldValidation=validation)

    assert reply.status == 201
    assert "colour" not in reply.body["spec"]
    assert reply.warnings == warnings


async def test_strict_refuses_them(things: Client) -> None:
    made, own = deployment(), thing()
    made["spec"]["colour"] = own["spec"]["colour"] = "red"
    complaint = 'strict decoding error: unknown field "spec.colour"'
    about = 'Deployment in version "v1" cannot be handled as a Deployment: '

    refused = failure(await things.create(DEPLOYMENTS, made, fieldValidation="Strict"))
    assert refused == (400, "BadRequest", about + complaint)
    assert failure(await things.create(THINGS, own, fieldValidation="Strict")) == (400, "BadRequest", complaint)


async def test_duplicate_fields_are_found(api: Client) -> None:
    body = b'{"metadata":{"name":"a"},"data":{"x":"1","x":"2"}}'

    warned = await api.create(CONFIG_MAPS, body)
    assert warned.warnings == ['299 - "duplicate field \\"data.x\\""']
    assert warned.body["data"] == {"x": "2"}
    refused = failure(await api.create(CONFIG_MAPS, body, fieldValidation="Strict"))
    assert refused[2].endswith('strict decoding error: duplicate field "data.x"')


async def test_patches_are_checked_too(things: Client) -> None:
    await things.made(THINGS, thing())

    warned = await things.patch(f"{THINGS}/a", {"spec": {"colour": "red"}})
    assert (warned.status, warned.warnings) == (200, [UNKNOWN])
    code, reason, message = failure(
        await things.patch(f"{THINGS}/a", {"spec": {"colour": "red"}}, fieldValidation="Strict")
    )
    assert (code, reason) == (422, "Invalid")
    assert message.endswith('strict decoding error: unknown field "spec.colour"')
    assert (await things.patch(f"{THINGS}/a", b'{"spec":{"size":1,"size":2}}')).warnings == [
        '299 - "duplicate field \\"spec.size\\""'
    ]
