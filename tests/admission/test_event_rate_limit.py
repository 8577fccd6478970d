import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from tests.admission.over_http import HttpServer, serving_http
from tests.admission.plugin_server import configured, serving

from steersman.admission.event_rate_limit import EventRateLimit, Limit
from steersman.admission.selection import AdmissionOptions

PLUGIN = "EventRateLimit"
EVENTS = "/api/v1/namespaces/{}/events"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Sender:
    """Sends each request once: a client would wait as it is told and try again."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def post(self, name: str, namespace: str = "default", query: str = "", **more: Any) -> int:
        """The status of the answer to a new Event."""
        body = event(name, namespace=namespace, **more)
        return (await self.send("POST", EVENTS.format(namespace) + query, body))[0]

    async def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = orjson.dumps(body) if body else None
        async with self._session.request(method, path, data=data, headers={"Content-Type": kind}) as reply:
            headers = {name.lower(): value for name, value in reply.headers.items()}
            return reply.status, orjson.loads(await reply.read()), headers


@asynccontextmanager
async def sending(options: AdmissionOptions, user: str = "me") -> AsyncIterator[Sender]:
    async with serving_http(admission=options) as server, sender(server, user) as made:
        yield made


@asynccontextmanager
async def sender(server: HttpServer, user: str) -> AsyncIterator[Sender]:
    who = {"Impersonate-User": user, "Impersonate-Group": "system:masters"}
    headers = {"Authorization": f"Bearer {server.token}", **who}
    async with ClientSession(server.control_plane.insecure_url, headers=headers) as session:
        yield Sender(session)


def limiting(clock: Clock, *limits: Limit) -> Any:
    return sending(AdmissionOptions(control=("AlwaysAdmit",), extra=(EventRateLimit(limits, clock),)))


def event(name: str, about: str = "web", component: str = "kubelet", namespace: str = "default") -> Any:
    regarding = {"kind": "Pod", "namespace": namespace, "name": about, "apiVersion": "v1"}
    source = {"component": component, "host": "a"}
    return {"metadata": {"name": name}, "involvedObject": regarding, "source": source, "reason": "Tried"}


async def test_what_goes_beyond_a_limit_is_refused_until_there_is_room_again() -> None:
    clock = Clock()
    async with limiting(clock, Limit("Server", qps=1, burst=2)) as sender:
        passed = [await sender.post(name) for name in ("a", "b", "c", "c")]
        clock.now += 1
        passed += [await sender.post(name) for name in ("c", "d")]

    assert passed == [201, 201, 429, 429, 201, 429]


async def test_the_refusal_says_when_to_come_again() -> None:
    async with limiting(Clock(), Limit("Server", qps=1, burst=1)) as sender:
        await sender.post("a")
        status, refused, headers = await sender.send("POST", EVENTS.format("default"), event("b"))

    assert (status, refused["reason"]) == (429, "TooManyRequests")
    assert refused["message"] == "Too many requests: limit reached on type Server for key "
    assert refused["details"] == {"retryAfterSeconds": 1}
    assert headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("type_", "same", "other", "key"),
    [
        ("Namespace", {"about": "x"}, {"namespace": "kube-system"}, "default"),
        ("SourceAndObject", {}, {"about": "x"}, "kubeletaPoddefaultwebv1"),
        ("SourceAndObject", {}, {"component": "scheduler"}, "kubeletaPoddefaultwebv1"),
        ("User", {"namespace": "kube-system"}, None, "me"),
    ],
)
async def test_each_key_has_its_own_bucket(type_: str, same: Any, other: Any, key: str) -> None:
    async with limiting(Clock(), Limit(type_, qps=1, burst=1)) as sender:
        assert await sender.post("a") == 201
        namespace = same.get("namespace", "default")
        _, refused, _ = await sender.send("POST", EVENTS.format(namespace), event("b", **same))
        assert other is None or await sender.post("c", **other) == 201

    assert refused["message"] == f"Too many requests: limit reached on type {type_} for key {key}"


async def test_users_are_kept_apart() -> None:
    plugin = EventRateLimit([Limit("User", qps=1, burst=1)], Clock())
    options = AdmissionOptions(control=("AlwaysAdmit",), extra=(plugin,))
    async with (
        serving_http(admission=options) as server,
        sender(server, "one") as one,
        sender(server, "other") as other,
    ):
        answers = [await one.post("a"), await one.post("b"), await other.post("b")]

    assert answers == [201, 429, 201]


async def test_a_bucket_that_was_long_unused_is_forgotten() -> None:
    async with limiting(Clock(), Limit("SourceAndObject", qps=1, burst=1, cache_size=2)) as sender:
        for about in ("a", "b", "c"):
            await sender.post(about, about=about)

        assert await sender.post("too-soon", about="c") == 429
        assert await sender.post("again", about="a") == 201


async def test_both_forms_of_events_and_their_updates_count() -> None:
    new = {
        "metadata": {"name": "b"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/a",
        "reportingInstance": "a",
        "action": "Try",
        "reason": "Tried",
        "type": "Normal",
        "regarding": {"kind": "Pod", "name": "web", "namespace": "default"},
    }
    async with limiting(Clock(), Limit("SourceAndObject", qps=1, burst=1)) as sender:
        path = "/apis/events.k8s.io/v1/namespaces/default/events"
        answers = [(await sender.send("POST", path, new))[0], (await sender.send("POST", path, new))[0]]
        answers += [await sender.post("a")]
        answers += [(await sender.send("PATCH", f"{EVENTS.format('default')}/a", {"count": 2}))[0]]

    assert answers == [201, 429, 201, 429]


async def test_dry_runs_deletions_and_other_kinds_cost_nothing() -> None:
    async with limiting(Clock(), Limit("Server", qps=1, burst=1)) as sender:
        answers = [await sender.post("a", query="?dryRun=All"), await sender.post("a")]
        answers += [(await sender.send("DELETE", f"{EVENTS.format('default')}/a"))[0]]
        config_map = {"metadata": {"name": "x"}}
        answers += [(await sender.send("POST", "/api/v1/namespaces/default/configmaps", config_map))[0]]

    assert answers == [201, 201, 200, 201]


async def test_each_limit_is_asked() -> None:
    server, namespace = Limit("Server", qps=1, burst=1), Limit("Namespace", qps=1, burst=2)
    async with limiting(Clock(), server, namespace) as sender:
        await sender.post("a")
        _, first, _ = await sender.send("POST", EVENTS.format("default"), event("b"))
        _, second, _ = await sender.send("POST", EVENTS.format("default"), event("c"))

    assert "type Server" in first["message"]
    assert "type Namespace" in second["message"]


async def test_the_configuration_sets_the_limits(tmp_path: Path) -> None:
    configuration = {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [{"type": "Namespace", "qps": 1, "burst": 3, "cacheSize": 10}],
    }
    file = configured(tmp_path, PLUGIN, configuration)
    async with sending(AdmissionOptions(control=(PLUGIN,), configuration=file)) as sender:
        answers = await asyncio.gather(*(sender.post(f"e{at}") for at in range(50)))

    assert answers[:3] == [201, 201, 201]
    assert 429 in answers


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({}, "limits: Invalid value: must not be empty"),
        ({"limits": [3]}, r"limits\[0\]: must have type, qps, burst"),
        ({"limits": [{"type": "Node", "qps": 1, "burst": 1}]}, r"limits\[0\].type: Unsupported value"),
        ({"limits": [{"type": "Server", "qps": 0, "burst": 1}]}, r"limits\[0\].qps: Invalid value: must be positive"),
        ({"limits": [{"type": "Server", "qps": 1}]}, r"limits\[0\].burst: Invalid value: must be positive"),
        (
            {"limits": [{"type": "User", "qps": 1, "burst": 1, "cacheSize": -1}]},
            r"limits\[0\].cacheSize: Invalid value: must not be negative",
        ),
    ],
)
async def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, configuration: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        async with serving(PLUGIN, configuration=configured(tmp_path, PLUGIN, configuration)):
            pass
