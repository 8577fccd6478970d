"""A client without sockets: requests go straight to a control plane's handler, as a member of ``system:masters``."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from steersman.apiserver.http.message import (
    Answer,
    Connection,
    Frame,
    Handler,
    PeerCertificate,
    Request,
    Response,
    Stream,
)
from steersman.controlplane import ControlPlane

Event = dict[str, Any]
ADMIN = PeerCertificate("admin", ("system:masters",))


class Reply(NamedTuple):
    """``body`` is the decoded JSON, or the text where it is none; header names are lower case."""

    status: int
    body: Any
    headers: Mapping[str, list[str]]
    content_type: str

    @property
    def warnings(self) -> list[str]:
        return self.headers.get("warning", [])


class Watching:
    """The events of a stream, decoded as they come."""

    def __init__(self, stream: Stream) -> None:
        self.closed, self.buffered, self.aborted = False, 0, False
        self.content_type = stream.content_type
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.task = asyncio.ensure_future(self._run(stream))

    async def _run(self, stream: Stream) -> None:
        try:
            await stream.run(self)
        finally:
            self._events.put_nowait(None)

    def send(self, frame: Frame) -> None:
        for line in frame.data.splitlines():
            self._events.put_nowait(orjson.loads(line))

    def abort(self) -> None:
        self.aborted = self.closed = True

    async def next(self) -> Event:
        """The next event; fails when the stream ends instead."""
        event = await asyncio.wait_for(self._events.get(), 10)
        assert event is not None, "the watch has ended"
        return event

    async def take(self, count: int) -> list[tuple[str, str]]:
        """Type and object name of the next events."""
        events = [await self.next() for _ in range(count)]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in events]

    async def rest(self) -> list[Event]:
        """All events until the stream ends by itself."""
        events = []
        while (event := await asyncio.wait_for(self._events.get(), 10)) is not None:
            events.append(event)
        await self.task
        return events


class Client:
    def __init__(self, handler: Handler, certificate: PeerCertificate | None = ADMIN, token: str = "") -> None:
        self._handler = handler
        self._credentials = {b"authorization": b"Bearer " + token.encode()} if token else {}
        self._connection = Connection("127.0.0.1:1", True, certificate)

    async def answer(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Answer:
        """``path`` may have a query of its own; ``body`` is sent as it is when it is bytes, as JSON otherwise."""
        bare, _, text = path.partition("?")
        text = "&".join(filter(None, (text, urlencode(query))))
        data = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        fields = {name.lower().encode(): value.encode() for name, value in (headers or {}).items()}
        fields.update(self._credentials)
        answer = self._handler(Request(method, bare, text, fields, data, self._connection))
        return await answer if isinstance(answer, Awaitable) else answer

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        accept: str = "",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Reply:
        sent = dict(headers or {})
        if accept:
            sent["accept"] = accept
        if content_type:
            sent["content-type"] = content_type
        answer = await self.answer(method, path, body, headers=sent, **query)
        assert not isinstance(answer, Stream), "the answer is a stream"
        return self.reply(answer)

    @staticmethod
    def reply(answer: Response) -> Reply:
        """An answer, decoded."""
        data = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
        found: dict[str, list[str]] = {}
        for name, value in answer.headers:
            found.setdefault(name.decode().lower(), []).append(value.decode())
        kind = answer.content_type.decode()
        return Reply(answer.status, _read(data, kind), found, kind)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.call("GET", path, **options)

    async def create(self, path: str, body: Any, **options: Any) -> Reply:
        return await self.call("POST", path, body, **options)

    async def update(self, path: str, body: Any, **options: Any) -> Reply:
        return await self.call("PUT", path, body, **options)

    async def patch(self, path: str, body: Any, kind: str = "merge", **options: Any) -> Reply:
        """``kind`` is json, merge, strategic-merge or apply."""
        form = "yaml" if kind == "apply" else "json"
        return await self.call("PATCH", path, body, content_type=f"application/{kind}-patch+{form}", **options)

    async def delete(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.call("DELETE", path, body, **options)

    async def made(self, path: str, body: Any, **options: Any) -> Any:
        """Create, and return the object that was stored."""
        reply = await self.create(path, body, **options)
        assert reply.status == 201, reply.body
        return reply.body

    async def names(self, path: str, **options: Any) -> list[str]:
        """The names in a list."""
        reply = await self.get(path, **options)
        assert reply.status == 200, reply.body
        return [item["metadata"]["name"] for item in reply.body["items"]]

    @asynccontextmanager
    async def watch(self, path: str, *, accept: str = "", **query: str) -> AsyncIterator[Watching]:
        answer = await self.answer("GET", path, headers={"accept": accept}, **{"watch": "1", **query})
        assert isinstance(answer, Stream), getattr(answer, "body", answer)
        watching = Watching(answer)
        try:
            yield watching
        finally:
            watching.task.cancel()
            await asyncio.gather(watching.task, return_exceptions=True)


def _read(data: bytes, content_type: str) -> Any:
    if content_type.startswith("application/json"):
        return orjson.loads(data) if data else None
    return data.decode()


def failure(reply: Reply) -> tuple[int, str, str]:
    """Code, reason and message of a Status, checked for its form."""
    body = reply.body
    assert (body["kind"], body["apiVersion"], body["status"]) == ("Status", "v1", "Failure")
    assert body["code"] == reply.status
    return reply.status, body["reason"], body["message"]


def causes(reply: Reply) -> Sequence[tuple[str, str]]:
    """Field and message of each cause of a Status."""
    return [(cause.get("field", ""), cause["message"]) for cause in reply.body["details"]["causes"]]


CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
THINGS = "/apis/example.com/v1/namespaces/default/things"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def config_map(name: str = "", **data: str) -> dict[str, Any]:
    """A ConfigMap; without a name it has empty metadata."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name} if name else {},
        **({"data": data} if data else {}),
    }


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Client]:
    """A control plane of its own, and its administrator."""
    async with ControlPlane(**{"store": "memory:", **options}) as control_plane:
        yield Client(control_plane.handler)


def thing(name: str = "a", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec}


def deployment(name: str = "web", **metadata: Any) -> dict[str, Any]:
    labels = {"app": name}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, **metadata},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pods},
    }


async def define_things(api: Client) -> None:
    """Serve the custom resource Thing of example.com/v1, with status and scale."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    spec = {
        "type": "object",
        "properties": {"replicas": {"type": "integer"}, "size": {"type": "integer"}, "any": anything},
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
        },
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": anything}}},
    }
    names = {"kind": "Thing", "plural": "things"}
    made = await api.made(
        DEFINITIONS,
        {
            "metadata": {"name": "things.example.com"},
            "spec": {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]},
        },
    )
    async with api.watch(
        DEFINITIONS + "/things.example.com", resourceVersion=made["metadata"]["resourceVersion"]
    ) as watching:
        while not _is_established(await watching.next()):
            pass


def _is_established(event: Event) -> bool:
    conditions = event["object"]["status"].get("conditions", ())
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
