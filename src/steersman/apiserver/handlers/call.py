"""One resource request on its way to its verb's handler, and what handlers share."""

import asyncio
from collections.abc import Callable, Sequence

import orjson
from msgspec import Struct

from steersman.apimachinery.errors import ApiError, method_not_supported, not_found
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Verdict, demand
from steersman.apiserver.handlers.negotiation import Decoders, Format, accepted_format
from steersman.apiserver.handlers.representation import Representation, represent
from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.resource import Resource, StoredKind
from steersman.apiserver.request_info import RequestInfo
from steersman.storage.store import Store
from steersman.storage.watch_cache import Entry, WatchCache

Header = tuple[bytes, bytes]


class Backend(Struct, frozen=True):
    """What handlers work on. ``clock`` gives seconds since the epoch."""

    store: Store
    cache: WatchCache
    lifecycle: Lifecycle
    metrics: Metrics
    clock: Callable[[], float]
    decoders: Decoders


class Call(Struct):
    """Made for every request: not frozen, which would cost as much again."""

    request: Request
    info: RequestInfo
    query: dict[str, str]
    resource: Resource
    backend: Backend
    authorizer: Authorizer

    async def demand(self, verb: str) -> None:
        """Raise 403 unless the user may also use this verb on what the request is about."""
        info = self.info._replace(verb=verb)
        verdict = self.authorizer.authorize(self.user, info)
        demand(verdict if isinstance(verdict, Verdict) else await verdict, self.user, info)

    @property
    def user(self) -> UserInfo:
        user: UserInfo = self.request.user
        return user

    @property
    def namespace(self) -> str:
        """The object's namespace: empty for a cluster-scoped resource (also for a Namespace itself), and for all."""
        return self.info.namespace if self.resource.namespaced else ""

    @property
    def content_type(self) -> bytes:
        return self.request.headers.get(b"content-type", b"")

    @property
    def format(self) -> Format:
        return accepted_format(self.request.headers.get(b"accept", b""))

    def missing(self) -> ApiError:
        return not_found(self.resource.group_resource, self.info.name)

    def not_allowed(self) -> ApiError:
        """405: the resource is there, but not for this verb on this path."""
        if self.resource.custom:
            return method_not_supported(self.resource.group_resource, self.info.verb)
        return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    @property
    def stored(self) -> StoredKind:
        """Where the resource's objects are; a virtual resource, which has none, allows no verb that asks."""
        if self.resource.stored is None:
            raise self.not_allowed()
        return self.resource.stored

    def shown(self) -> Callable[[Entry], bool] | None:
        """What an object must pass for this request to see it, beside its selectors; None: all are seen."""
        initialization = self.backend.lifecycle.initialization
        return initialization.test(self.query) if initialization.hides else None

    def representation(self) -> Representation:
        """How objects of the resource look to this client. Raises 406, and 400 for an unknown ``includeObject``.

        A write asks for it first: what cannot be answered is not done.
        """
        asked = self.format
        include = self.query.get("includeObject", "") if asked.shape == "table" else ""
        found: Representation | None = self.resource.representations.get((asked, include))
        if found is None:
            found = represent(self.resource, asked, include, self.backend.clock)
            self.resource.representations[asked, include] = found
        return found


def rendered(
    call: Call,
    body: bytes | list[bytes],
    representation: Representation,
    status: int = 200,
    warnings: Sequence[str] = (),
) -> Response:
    """``body`` is JSON; it is turned to YAML or made readable where the client asked for that."""
    headers = warning_headers(warnings) if warnings else ()
    if representation.yaml:
        # Loaded for those who ask for it, as in reading.
        from steersman.apimachinery.encoding.yaml_writer import encode as encode_yaml

        text = encode_yaml(orjson.loads(body if isinstance(body, bytes) else b"".join(body)))
        return Response(status, text, b"application/yaml", headers)
    if "pretty" in call.query and call.query["pretty"] not in _NOT_PRETTY:
        whole = orjson.loads(body if isinstance(body, bytes) else b"".join(body))
        body = orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(status, body, b"application/json", headers)


async def rendered_list(call: Call, body: list[bytes], representation: Representation) -> Response:
    """Writing a long list as YAML takes seconds: not on the loop."""
    if representation.yaml:
        return await asyncio.to_thread(rendered, call, body, representation)
    return rendered(call, body, representation)


_NOT_PRETTY = frozenset(("", "0", "f", "F", "false", "False", "FALSE"))


def warning_headers(warnings: Sequence[str]) -> list[Header]:
    """RFC 7234 Warning headers as kube-apiserver sends them (KEP-1693), bounded in number and size."""
    return [(b"warning", b'299 - "%b"' % _quoted(text)) for text in warnings[:MAX_WARNINGS]]


MAX_WARNINGS = 32


def _quoted(text: str) -> bytes:
    printable = "".join(char if char.isprintable() else " " for char in text[:256])
    return printable.replace("\\", "\\\\").replace('"', '\\"').encode()
