"""The generic API server: from a request to its answer.

request → what it asks for → who asks → may they → the handler of the verb. No step knows a kind.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import cast

from steersman.apimachinery.errors import ApiError, path_not_found, unauthorized
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.authenticator import Authenticator, Found
from steersman.apiserver.authentication.impersonation import Impersonation, asks_as_another
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization import Authorizer, Verdict, annotate, demand
from steersman.apiserver.handlers import delete, get, list, watch, write
from steersman.apiserver.handlers.call import Backend, Call
from steersman.apiserver.handlers.explain import explainable
from steersman.apiserver.handlers.options import parse_query
from steersman.apiserver.http.failure import status_response
from steersman.apiserver.http.message import Answer, Handler, Request, Response, Stream
from steersman.apiserver.registry.resource import Resource, Subresource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.request_info import RequestInfo, request_info

_logger = logging.getLogger(__name__)

Query = dict[str, str]
VerbHandler = Callable[[Call], Answer | Awaitable[Answer]]
Received = Callable[[Request, RequestInfo, UserInfo], Awaitable[None] | None]
"""Told who has sent a request. What it gives back, if anything, is waited for; it may raise ApiError."""


class ApiServer:
    """``routes`` are the non-resource paths: a path, or a prefix ending in a slash, to its handler.

    ``on_received`` is told of each request, before anything is decided about it.
    """

    def __init__(
        self,
        served: ServedResources,
        backend: Backend,
        authenticator: Authenticator,
        authorizer: Authorizer,
        routes: Mapping[str, Handler],
        on_received: Received | None = None,
    ) -> None:
        self._served, self._backend = served, backend
        self._authenticator, self._authorizer = authenticator, authorizer
        self._routes, self._metrics = dict(routes), backend.metrics
        self._on_received = on_received
        self._metrics.sources.objects = self._objects

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer, at once where nothing has to be waited for. API errors come back as their Status."""
        started = monotonic()
        info = None
        try:
            query = parse_query(request.query)
            info = request_info(request.method, request.path, query)
            answer = self._authorized(request, info, query)
        except ApiError as error:
            answer = status_response(error)
        if type(answer) is Response or type(answer) is Stream:
            return self._observed(answer, request, info, started)
        return self._later(cast(Awaitable[Answer], answer), request, info, started)

    async def _later(
        self, pending: Awaitable[Answer], request: Request, info: RequestInfo | None, started: float
    ) -> Answer:
        """Only what has to be waited for is ever seen in flight."""
        in_flight = self._metrics.in_flight
        reads = info is None or info.verb in _READS
        in_flight.read_only += reads
        in_flight.mutating += not reads
        try:
            answer = await pending
        except ApiError as error:
            answer = status_response(error)
        finally:
            in_flight.read_only -= reads
            in_flight.mutating -= not reads
        return self._observed(answer, request, info, started)

    def _observed(self, answer: Answer, request: Request, info: RequestInfo | None, started: float) -> Answer:
        seconds = monotonic() - started
        if info is not None:
            self._metrics.observe(info, answer.status, seconds)
        if _logger.isEnabledFor(logging.DEBUG):
            # Neither headers nor the query, which may hold what is secret.
            user = request.user.name if request.user is not None else "-"
            _logger.debug("%s %s %d %.1f ms user=%s", request.method, request.path, answer.status, seconds * 1000, user)
        return answer

    def _authorized(self, request: Request, info: RequestInfo, query: Query) -> Answer | Awaitable[Answer]:
        user = self._authenticator.authenticate(request)
        if type(user) is not UserInfo or asks_as_another(request.headers):
            return self._when_known(user, request, info, query)
        if self._on_received is not None:
            pending = self._on_received(request, info, user)
            if pending is not None:
                return self._when_recorded(pending, user, request, info, query)
        return self._as_user(user, request, info, query)

    async def _when_known(self, found: Found, request: Request, info: RequestInfo, query: Query) -> Answer:
        """Who has to be waited for, and who asks as another one."""
        user = await found if isinstance(found, Awaitable) else found
        if user is None:
            raise unauthorized()
        if self._on_received is not None and (pending := self._on_received(request, info, user)) is not None:
            await pending
        if asks_as_another(request.headers):
            request.impersonator, request.user = user, user
            user = await self._impersonated(user, request)
        answer = self._as_user(user, request, info, query)
        return answer if isinstance(answer, Response | Stream) else await answer

    async def _when_recorded(
        self, pending: Awaitable[None], user: UserInfo, request: Request, info: RequestInfo, query: Query
    ) -> Answer:
        await pending
        answer = self._as_user(user, request, info, query)
        return answer if isinstance(answer, Response | Stream) else await answer

    async def _impersonated(self, user: UserInfo, request: Request) -> UserInfo:
        """The user whom this one asks to be taken for, and may."""
        impersonation = Impersonation.read(request.headers)
        for asked in impersonation.checks:
            verdict = self._authorizer.authorize(user, asked)
            demand(verdict if isinstance(verdict, Verdict) else await verdict, user, asked)
        return impersonation.user

    def _as_user(self, user: UserInfo, request: Request, info: RequestInfo, query: Query) -> Answer | Awaitable[Answer]:
        request.user = user
        verdict = self._authorizer.authorize(user, info)
        if isinstance(verdict, Verdict):
            if request.observed is not None:
                annotate(request.observed.annotations, verdict)
            demand(verdict, user, info)
            return self._route(request, info, query)
        return self._when_allowed(verdict, request, info, query)

    async def _when_allowed(
        self, pending: Awaitable[Verdict], request: Request, info: RequestInfo, query: Query
    ) -> Answer:
        verdict = await pending
        if request.observed is not None:
            annotate(request.observed.annotations, verdict)
        demand(verdict, request.user, info)
        answer = self._route(request, info, query)
        return answer if isinstance(answer, Response | Stream) else await answer

    def _route(self, request: Request, info: RequestInfo, query: Query) -> Answer | Awaitable[Answer]:
        if not info.is_resource:
            return self._find_route(info.path)(request)
        resource = self._served.find(info.group, info.version, info.resource)
        if resource is None or not _is_place_of(resource, info):
            raise path_not_found()
        call = Call(request, info, query, resource, self._backend, self._authorizer)
        if info.subresource:
            return _subresource(call)
        if info.verb not in resource.verbs or not _is_path_for(info, resource):
            raise call.not_allowed()
        return _VERBS[info.verb](call)

    def _objects(self) -> dict[GroupResource, int]:
        """How many objects there are of each resource that has been asked for."""
        cachers = {
            one.group_resource: self._backend.cache.cacher(one.stored.prefix, one.stored.codec, one.stored.namespaced)
            for one in self._served.all()
            if one.stored is not None
        }
        return {resource: cacher.count for resource, cacher in cachers.items() if cacher.ready}

    def _find_route(self, path: str) -> Handler:
        """The handler of ``path``, or of the longest route with a trailing slash that it lies under."""
        routes = self._routes
        while path not in routes:
            parent = path.rstrip("/").rpartition("/")[0] + "/"
            if parent == path or parent == "/":
                raise path_not_found()
            path = parent
        return routes[path]


def _is_place_of(resource: Resource, info: RequestInfo) -> bool:
    """Whether objects of the resource can lie where the path points: in a namespace, or outside of all."""
    if resource.namespaced:
        return bool(info.namespace) or not info.name or info.verb in _ACROSS_NAMESPACES
    # The path of a Namespace names it twice: as the object, and as the place.
    return not info.namespace or (info.namespace == info.name and resource.plural == "namespaces")


def _is_path_for(info: RequestInfo, resource: Resource) -> bool:
    """Whether the verb goes with a path that has, or lacks, a name and a namespace."""
    if info.verb in _OF_OBJECTS:
        return bool(info.name)
    if info.verb in _ACROSS_NAMESPACES:
        return True
    return (info.verb != "create" or not info.name) and (bool(info.namespace) or not resource.namespaced)


def _subresource(call: Call) -> Answer | Awaitable[Answer]:
    subresource = call.resource.subresources.get(call.info.subresource)
    if subresource is None:
        return _action(call)
    if call.resource.stored is None or call.info.subpath:
        raise path_not_found()
    if call.info.verb not in subresource.verbs or call.info.verb not in _PARTS:
        raise call.not_allowed()
    return _PARTS[call.info.verb](call, subresource)


def _action(call: Call) -> Answer | Awaitable[Answer]:
    info = call.info
    action = call.resource.actions.get(info.subresource)
    if action is None or (info.subresource and not info.name):
        raise path_not_found()
    if info.verb not in action.verbs:
        raise call.not_allowed()
    # Loaded for the first who asks, as in reading.
    from steersman.apiserver.handlers.action import perform

    # A connection has no dry run, and the query of a proxied one is another server's.
    return explainable(perform)(call, action) if action.operation == "CREATE" else perform(call, action)


def _create(call: Call) -> Answer | Awaitable[Answer]:
    if "" in call.resource.actions:
        return _action(call)
    return write.create_virtual(call) if call.resource.create_only is not None else write.create(call)


def _get(call: Call) -> Answer | Awaitable[Answer]:
    if call.resource.computed is None:
        return get.get(call, None)
    # Loaded for the first who asks, as in reading.
    from steersman.apiserver.handlers import computed

    return computed.get(call)


def _list(call: Call) -> Awaitable[Answer]:
    if call.resource.computed is None:
        return list.list_(call)
    from steersman.apiserver.handlers import computed

    return computed.list_(call)


_READS = frozenset(("get", "list", "watch", "head", "options"))
_ACROSS_NAMESPACES = frozenset(("list", "watch"))
_OF_OBJECTS = frozenset(("get", "update", "patch", "delete"))
_VERBS: dict[str, VerbHandler] = {
    "get": _get,
    "list": _list,
    "watch": watch.watch,
    "create": explainable(_create),
    "update": explainable(lambda call: write.update(call, None)),
    "patch": explainable(lambda call: write.patch(call, None)),
    "delete": explainable(delete.delete),
    "deletecollection": explainable(delete.delete_collection),
}
_PARTS: dict[str, Callable[[Call, Subresource], Answer | Awaitable[Answer]]] = {
    "get": get.get,
    "update": explainable(write.update),
    "patch": explainable(write.patch),
}
