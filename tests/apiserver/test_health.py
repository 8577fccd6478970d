import asyncio
from collections.abc import Callable

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.health import Health
from steersman.apiserver.http.message import Request, Response

Get = Callable[..., Request]


def text(answer: Response) -> str:
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


async def well() -> None:
    await asyncio.sleep(0)


def broken() -> str:
    return "the disk is full"


@pytest.fixture
def health() -> Health:
    health = Health()
    health.add("storage", well)
    return health


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/", "/readyz/ping", "/livez/storage"])
async def test_all_is_well(health: Health, get: Get, path: str) -> None:
    answer = await health.handle(get(path))

    assert (answer.status, text(answer), answer.content_type) == (200, "ok", b"text/plain; charset=utf-8")
    assert (b"X-Content-Type-Options", b"nosniff") in answer.headers


async def test_verbose_lists_the_checks(health: Health, get: Get) -> None:
    answer = await health.handle(get("/readyz", "verbose"))

    assert text(answer) == "[+]ping ok\n[+]storage ok\nreadyz check passed\n"


async def test_a_failure_is_listed_without_its_cause(health: Health, get: Get) -> None:
    health.add("log", broken)

    answer = await health.handle(get("/livez"))

    assert answer.status == 500
    assert text(answer) == "[+]ping ok\n[+]storage ok\n[-]log failed: reason withheld\nlivez check failed\n"


async def test_a_single_check_tells_its_cause(health: Health, get: Get) -> None:
    health.add("log", broken)

    answer = await health.handle(get("/healthz/log"))

    assert (answer.status, text(answer)) == (500, "internal server error: the disk is full\n")


async def test_checks_can_be_left_out(health: Health, get: Get) -> None:
    health.add("log", broken)

    answer = await health.handle(get("/readyz", "verbose=true&exclude=log&exclude=b&exclude=a"))

    assert answer.status == 200
    assert text(answer) == (
        "[+]ping ok\n[+]storage ok\n[+]log excluded: ok\n"
        'warn: some health checks cannot be excluded: no matches for "a","b"\n'
        "readyz check passed\n"
    )


async def test_a_check_may_belong_to_some_endpoints(health: Health, get: Get) -> None:
    health.add("shutdown", lambda: "process is shutting down", endpoints=("readyz",))

    assert (await health.handle(get("/livez"))).status == 200
    assert (await health.handle(get("/readyz"))).status == 500
    with pytest.raises(ApiError) as missing:
        await health.handle(get("/livez/shutdown"))
    assert missing.value.code == 404


async def test_an_exception_is_a_failure(health: Health, get: Get) -> None:
    async def raising() -> str:
        raise OSError("no space left")

    health.add("storage", raising)

    assert text(await health.handle(get("/livez/storage"))) == "internal server error: no space left\n"


async def test_a_check_that_hangs_fails(get: Get) -> None:
    health = Health(deadline=0.01)

    async def hanging() -> None:
        await asyncio.Event().wait()

    health.add("storage", hanging)

    assert text(await health.handle(get("/readyz"))).endswith(
        "[-]storage failed: reason withheld\nreadyz check failed\n"
    )


@pytest.mark.parametrize("path", ["/readyz/none", "/health", "/readyz/ping/more"])
async def test_unknown_paths_are_not_found(health: Health, get: Get, path: str) -> None:
    with pytest.raises(ApiError) as missing:
        await health.handle(get(path))
    assert missing.value.code == 404
