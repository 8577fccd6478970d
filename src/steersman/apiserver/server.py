"""The generic API server: from a request to its answer.

request → what it asks for → who asks → may they → the handler of the verb. No step knows a kind.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from steersman.apimachinery.errors import ApiError, forbidden, path_not_found, unauthorized
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.authenticator import Authenticator
from steersman.apiserver.authorization import Authorizer, Decision, Verdict, denial
from steersman.apiserver.handlers import delete, get, list, watch, write
from steersman.apiserver.handlers.call import Backend, Call
from steersman.apiserver.handlers.options import parse_query
from steersman.apiserver.http.failure import status_response
from steersman.apiserver.http.message import Answer, Handler, Request, Response, Stream
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.resource import Subresource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.request_info import RequestInfo, request_info

VerbHandler = Callable[[Call], Answer | Awaitable[Answer]]


class ApiServer:
    """``routes`` are the non-resource paths: a path, or a prefix ending in a slash, to its handler."""

    def __init__(
        self,
        served: ServedResources,
        backend: Backend,
        authenticator: Authenticator,
        authorizer: Authorizer,
        routes: Mapping[str, Handler],
        metrics: Metrics,
    ) -> None:
        self._served, self._backend = served, backend
        self._authenticator, self._authorizer = authenticator, authorizer
        self._routes, self._metrics = dict(routes), metrics

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
        if isinstance(answer, Response | Stream):
            return self._observed(answer, info, started)
        return self._later(answer, info, started)

    async def _later(self, pending: Awaitable[Answer], info: RequestInfo | None, started: float) -> Answer:
        try:
            answer = await pending
        except ApiError as error:
            answer = status_response(error)
        return self._observed(answer, info, started)

    def _observed(self, answer: Answer, info: RequestInfo | None, started: float) -> Answer:
        if info is not None:
            self._metrics.observe(info, answer.status, monotonic() - started)
        return answer

    def _authorized(self, request: Request, info: RequestInfo, query: dict[str, str]) -> Answer | Awaitable[Answer]:
        request.user = user = self._authenticator.authenticate(request)
        if user is None:
            raise unauthorized()
        verdict = self._authorizer.authorize(user, info)
        if isinstance(verdict, Verdict):
            self._allow(verdict, request, info)
            return self._route(request, info, query)
        return self._when_allowed(verdict, request, info, query)

    async def _when_allowed(
        self, pending: Awaitable[Verdict], request: Request, info: RequestInfo, query: dict[str, str]
    ) -> Answer:
        self._allow(await pending, request, info)
        answer = self._route(request, info, query)
        return answer if isinstance(answer, Response | Stream) else await answer

    def _allow(self, verdict: Verdict, request: Request, info: RequestInfo) -> None:
        if verdict.decision is not Decision.ALLOW:
            resource = GroupResource(info.group, info.resource) if info.is_resource else None
            raise forbidden(resource, info.name, denial(request.user, info, verdict.reason))

    def _route(self, request: Request, info: RequestInfo, query: dict[str, str]) -> Answer | Awaitable[Answer]:
        if not info.is_resource:
            return self._find_route(info.path)(request)
        resource = self._served.find(info.group, info.version, info.resource)
        if resource is None or (info.namespace and not resource.namespaced and info.resource != "namespaces"):
            raise path_not_found()
        call = Call(request, info, query, resource, self._backend)
        if info.subresource:
            return _subresource(call)
        if info.verb not in resource.verbs or (info.verb in _NEEDS_NAMESPACE and _homeless(call)):
            raise call.not_allowed()
        return _VERBS[info.verb](call)

    def _find_route(self, path: str) -> Handler:
        """The handler of ``path``, or of the longest route with a trailing slash that it lies under."""
        routes = self._routes
        while path not in routes:
            parent = path.rstrip("/").rpartition("/")[0] + "/"
            if parent == path or parent == "/":
                raise path_not_found()
            path = parent
        return routes[path]


def _homeless(call: Call) -> bool:
    return call.resource.namespaced and not call.info.namespace


def _subresource(call: Call) -> Answer | Awaitable[Answer]:
    subresource = call.resource.subresources.get(call.info.subresource)
    if subresource is None or call.resource.stored is None:
        raise path_not_found()
    if call.info.verb not in subresource.verbs or call.info.verb not in _PARTS:
        raise call.not_allowed()
    return _PARTS[call.info.verb](call, subresource)


def _create(call: Call) -> Answer | Awaitable[Answer]:
    if call.info.name:
        raise call.not_allowed()
    return write.create_virtual(call) if call.resource.create_only is not None else write.create(call)


_NEEDS_NAMESPACE = frozenset(("create", "update", "patch", "delete", "get", "deletecollection"))
_VERBS: dict[str, VerbHandler] = {
    "get": lambda call: get.get(call, None),
    "list": list.list_,
    "watch": watch.watch,
    "create": _create,
    "update": lambda call: write.update(call, None),
    "patch": lambda call: write.patch(call, None),
    "delete": delete.delete,
    "deletecollection": delete.delete_collection,
}
_PARTS: dict[str, Callable[[Call, Subresource], Answer | Awaitable[Answer]]] = {
    "get": get.get,
    "update": write.update,
    "patch": write.patch,
}
