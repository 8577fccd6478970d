"""A handler under audit: what the policy says of each request, and events at the stages that it goes through.

The API server tells when it knows who sent a request (:meth:`Auditing.received`), for that is what the policy is asked
about; what it decides and what admission has to say it leaves in ``request.observed``. All else is seen from outside.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from steersman.apimachinery.errors import ApiError, internal_error
from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.backend import Backend
from steersman.apiserver.audit.event import AUDIT_ID, MAX_AUDIT_ID, AuditedRequest, Body, Event, Sender
from steersman.apiserver.audit.policy import (
    COMPLETE,
    LEVEL_NAMES,
    PANIC,
    RECEIVED,
    STARTED,
    AuditConfig,
    Level,
    PolicyEvaluator,
)
from steersman.apiserver.authentication.bearer import bearer_token
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.authorizer import DECISION_ANNOTATION
from steersman.apiserver.handlers.options import parse_query
from steersman.apiserver.http.failure import failure_response
from steersman.apiserver.http.message import Answer, Handler, Request, Response, Stream, StreamWriter
from steersman.apiserver.random_ids import RandomIds
from steersman.apiserver.request_info import RequestInfo, request_info
from steersman.storage.store import StoreClosed

_UNAUDITED = AuditConfig(Level.NONE)
_LEVEL_ROWS = tuple((name,) for name in LEVEL_NAMES)
_STATUS_HEAD = b'{"kind":"Status"'
_WITH_OBJECT = frozenset(("create", "update"))
_JSON = b"application/json"
_WITH_BODY = frozenset(("patch", "delete", "deletecollection"))
_NOT_ANSWERED = {
    "status": "Failure",
    "reason": "Timeout",
    "message": "the request was not answered: it took too long, or its client left",
}

Waiting = Awaitable[bool] | None

FLUSH_SECONDS = 10.0
"""How long the events that are queued may take to be written in the end."""


class Auditing:
    """``clock`` gives seconds since the epoch."""

    def __init__(
        self,
        policy: PolicyEvaluator,
        backends: Sequence[Backend],
        metrics: AuditMetrics,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policy, self._backends, self._metrics, self._clock = policy, tuple(backends), metrics, clock
        self._only = self._backends[0] if len(self._backends) == 1 else None
        self._recorded = metrics.events.values

    async def open(self) -> None:
        """Raises OSError, or ValueError with one line."""
        for backend in self._backends:
            await backend.open()

    async def close(self, seconds: float = FLUSH_SECONDS) -> None:
        """Write what is queued, within so many seconds."""
        await asyncio.gather(*(backend.close(seconds) for backend in self._backends))

    def audited(self, handler: Handler) -> Handler:
        """The handler, with its requests audited. It must tell of each who sent it (:meth:`received`)."""
        return AuditedHandler(self, handler, self._clock).handle

    def received(self, request: Request, info: RequestInfo, user: UserInfo) -> Awaitable[None] | None:
        """To be told when it is known who sent a request; what is given back, if anything, is to be waited for.

        That raises ApiError 500 where the request must be audited, and cannot be.
        """
        audited = request.observed
        if type(audited) is not AuditedRequest:
            return None
        if self.decide(audited, request, info, user).level is Level.NONE:
            request.observed = None
            return None
        waiting = self.record(Event(audited, RECEIVED, audited.received))
        return None if waiting is None else self._demand(waiting, audited)

    async def _demand(self, waiting: Awaitable[bool], audited: AuditedRequest) -> None:
        if not await waiting:
            self._metrics.rejected.add(())
            audited.config = _UNAUDITED
            raise internal_error("failed to store audit event")

    def decide(
        self, audited: AuditedRequest, request: Request, info: RequestInfo, user: UserInfo | None
    ) -> AuditConfig:
        """Ask the policy, and note what events will say of the request."""
        config = audited.config = self._policy.evaluate(user, info)
        self._metrics.levels.add(_LEVEL_ROWS[config.level])
        if config.level is not Level.NONE:
            audited.info, audited.user, audited.sender = info, user, Sender.of(request)
            audited.path, audited.query = request.path, request.query
        return config

    def record(self, event: Event) -> Waiting:
        """Give the event to all backends, unless its stage is left out."""
        config = event.audited.config
        if config is None or event.stage in config.omit_stages:
            return None
        self._recorded[()] += 1
        if self._only is not None:
            return self._only.process(event)
        futures = [future for one in self._backends if (future := one.process(event)) is not None]
        return _all(futures) if futures else None


async def _all(futures: Sequence[Awaitable[bool]]) -> bool:
    return all(await asyncio.gather(*futures))


class AuditedHandler:
    """Every answer gets the header Audit-Id."""

    def __init__(self, auditing: Auditing, handler: Handler, clock: Callable[[], float]) -> None:
        self._auditing, self._handler, self._clock = auditing, handler, clock
        self._ids = RandomIds()

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Never raises: failures are answers."""
        sent = request.headers.get(AUDIT_ID)
        audited = AuditedRequest(id=sent[:MAX_AUDIT_ID] if sent else self._ids.next().encode(), received=self._clock())
        request.observed = audited
        try:
            answer = self._handler(request)
        except Exception as error:
            return self._failed(error, request, audited)
        if type(answer) is Response or type(answer) is Stream:
            return self._answered(answer, request, audited)
        return self._later(cast(Awaitable[Answer], answer), request, audited)

    async def _later(self, pending: Awaitable[Answer], request: Request, audited: AuditedRequest) -> Answer:
        try:
            answered = self._answered(await pending, request, audited)
        except Exception as error:
            answered = self._failed(error, request, audited)
        except asyncio.CancelledError:
            self._given_up(request, audited)
            raise
        return answered if isinstance(answered, Response | Stream) else await answered

    def _answered(self, answer: Answer, request: Request, audited: AuditedRequest) -> Answer | Awaitable[Answer]:
        config = audited.config
        if config is None:
            waiting = self._from_unknown(answer, request, audited)
        elif config.level is Level.NONE:
            waiting = None
        elif isinstance(answer, Response):
            _note_impersonation(request, audited)
            waiting = self._auditing.record(self._completed(answer, request, audited, config.level))
        else:
            _note_impersonation(request, audited)
            waiting = self._auditing.record(Event(audited, STARTED, self._clock(), answer.status))
            answer = Stream(self._until_the_end(answer, audited), answer.status, answer.content_type, answer.headers)
        answer = _with_id(answer, audited.id)
        return answer if waiting is None else _after(waiting, answer)

    def _completed(self, answer: Response, request: Request, audited: AuditedRequest, level: Level) -> Event:
        status = Body(answer.body, answer.content_type) if _says_status(answer, request.method) else None
        sent = answered = None
        if level >= Level.REQUEST:
            sent = _sent_object(request, audited)
        if level is Level.REQUEST_RESPONSE and _is_kept(answer, request):
            answered = Body(answer.body, answer.content_type)
        return Event(audited, COMPLETE, self._clock(), answer.status, status, sent, answered)

    def _failed(self, error: Exception, request: Request, audited: AuditedRequest) -> Answer | Awaitable[Answer]:
        answer = failure_response(error, request.method, request.path)
        if isinstance(error, ApiError | StoreClosed) or not _is_audited(audited):
            return self._answered(answer, request, audited)
        _note_impersonation(request, audited)
        waiting = self._auditing.record(Event(audited, PANIC, self._clock(), 500, _panic(error)))
        answered = _with_id(answer, audited.id)
        return answered if waiting is None else _after(waiting, answered)

    def _given_up(self, request: Request, audited: AuditedRequest) -> None:
        """Nobody waits for the answer any more; what the request did until then it may have done."""
        if _is_audited(audited):
            _note_impersonation(request, audited)
            self._auditing.record(Event(audited, COMPLETE, self._clock(), 504, _NOT_ANSWERED))

    def _until_the_end(self, stream: Stream, audited: AuditedRequest) -> Callable[[StreamWriter], Awaitable[None]]:
        async def run(writer: StreamWriter) -> None:
            stage, code, status = COMPLETE, stream.status, None
            try:
                await stream.run(writer)
            except Exception as error:
                stage, code, status = PANIC, 500, _panic(error)
                raise
            finally:
                self._auditing.record(Event(audited, stage, self._clock(), code, status))

        return run

    def _from_unknown(self, answer: Answer, request: Request, audited: AuditedRequest) -> Waiting:
        """Of a request that was refused before it was known who sent it there is one event."""
        try:
            query = parse_query(request.query)
        except ApiError:
            query = {}
        info = request_info(request.method, request.path, query)
        if self._auditing.decide(audited, request, info, None).level is Level.NONE or not isinstance(answer, Response):
            return None
        status: Body | dict[str, str] = Body(answer.body, answer.content_type)
        if answer.status == 401:
            status = {"status": "Failure", "reason": "Unauthorized", "message": _attempted(request, query)}
        return self._auditing.record(Event(audited, STARTED, self._clock(), answer.status, status))


def _is_audited(audited: AuditedRequest) -> bool:
    return audited.config is not None and audited.config.level is not Level.NONE


def _note_impersonation(request: Request, audited: AuditedRequest) -> None:
    if request.impersonator is not None and request.user is not request.impersonator:
        audited.impersonated = request.user


def _with_id(answer: Answer, identifier: bytes) -> Answer:
    headers = (*answer.headers, (b"Audit-Id", identifier))
    if isinstance(answer, Response):
        return Response(answer.status, answer.body, answer.content_type, headers)
    return Stream(answer.run, answer.status, answer.content_type, headers)


async def _after(waiting: Awaitable[bool], answer: Answer) -> Answer:
    await waiting
    return answer


def _says_status(answer: Response, method: str) -> bool:
    """Whether the answer is a Status, or may be one that only a look inside tells."""
    if answer.status >= 400:
        return True
    body = answer.body
    if method == "DELETE":
        return not isinstance(body, bytes) or body.startswith(_STATUS_HEAD) or answer.content_type != _JSON
    return isinstance(body, bytes) and body.startswith(_STATUS_HEAD)


def _is_kept(answer: Response, request: Request) -> bool:
    """Whether the answer is an API object: of a resource, of discovery, or a failure."""
    return answer.status >= 400 or request.path.startswith(("/api/", "/apis/")) or request.path in ("/api", "/apis")


def _sent_object(request: Request, audited: AuditedRequest) -> Body | None:
    """The body, if the request came as far as that it was read."""
    info = audited.info
    if info is None or not info.is_resource or not request.body:
        return None
    content_type = request.headers.get(b"content-type", b"")
    if info.verb in _WITH_OBJECT and audited.sent is not None:
        return Body(request.body, content_type)
    if info.verb in _WITH_BODY and audited.annotations.get(DECISION_ANNOTATION) == "allow":
        return Body(request.body, content_type, plain=True)
    return None


def _panic(error: Exception) -> dict[str, str]:
    return {"status": "Failure", "message": f"APIServer panic'd: {error}", "reason": "InternalError"}


def _attempted(request: Request, query: dict[str, str]) -> str:
    """Which kinds of credentials a request came with; never what they are."""
    tried = {
        "basic": request.headers.get(b"authorization", b"")[:6].lower() == b"basic ",
        "bearer": bool(bearer_token(request)),
        "access_token": bool(query.get("access_token", "").strip()),
        "x509": request.connection.certificate is not None,
    }
    attempted = ", ".join(name for name, found in tried.items() if found)
    if not attempted:
        return "Authentication failed, no credentials provided"
    return f"Authentication failed, attempted: {attempted}"
