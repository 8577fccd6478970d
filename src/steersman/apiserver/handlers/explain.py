"""``explain=true`` on a write in a dry run: the answer is what each step of admission did to it, instead of the object.

Who may see that: whoever may make the write, and ``get`` ``admissionplugins`` of ``admission.steersman.dev``, for the
steps tell who looks at a request, and their annotations are of the audit log.
"""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVarTuple

import orjson

from steersman.apimachinery.errors import ApiError, bad_request
from steersman.apiserver.authorization import Verdict, demand
from steersman.apiserver.handlers.call import Call, rendered
from steersman.apiserver.handlers.delete_options import delete_options
from steersman.apiserver.handlers.options import DRY_RUN, flag
from steersman.apiserver.http.message import Answer, Request, Response, Stream
from steersman.apiserver.request_info import RequestInfo, is_true

if TYPE_CHECKING:
    from steersman.apiserver.admission.trace import Trace

PARAMETER, HEADER = "explain", b"steersman-explain"

_OPERATIONS = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE"}
_CHAIN = RequestInfo("get", "", True, "admission.steersman.dev", "v1", "", "admissionplugins")
"""What one must be allowed to see."""

Args = TypeVarTuple("Args")
Write = Callable[[Call, *Args], Answer | Awaitable[Answer]]


def explainable(write: Write[*Args]) -> Write[*Args]:
    """The handler of a write, which explains it where that is asked for."""

    def handle(call: Call, *args: *Args) -> Answer | Awaitable[Answer]:
        if PARAMETER in call.query or HEADER in call.request.headers:
            return _explained_if_asked(write, call, *args)
        return write(call, *args)

    return handle


def _explained_if_asked(write: Write[*Args], call: Call, *args: *Args) -> Answer | Awaitable[Answer]:
    header = call.request.headers.get(HEADER, b"false").decode("latin-1")
    if flag(call.query, PARAMETER) or is_true(header):
        return _explain(write, call, *args)
    return write(call, *args)


async def _explain(write: Write[*Args], call: Call, *args: *Args) -> Response:
    """The write, done dry, and its AdmissionExplanation. Raises 400 for what cannot be explained, 403, 406."""
    from steersman.apiserver.admission.explanation import explanation
    from steersman.apiserver.admission.trace import Trace

    representation = call.representation()
    _check(call)
    await _demand_chain(call)
    trace, started = Trace(), perf_counter()
    answer: Answer | None = None
    outcome: Mapping[str, Any] | ApiError
    try:
        found = write(_plainly(call, trace), *args)
        answer = found if isinstance(found, Response | Stream) else await found
        outcome = orjson.loads(_body(answer))
    except ApiError as error:
        if error.code == 403 and not trace.steps:
            # Not for this user: nothing of the write is told.
            raise
        outcome = error
    told = explanation(_asked(call, answer, outcome), trace, outcome, perf_counter() - started)
    response = rendered(call, orjson.dumps(told), representation)
    response.headers = (*response.headers, *(answer.headers if answer is not None else ()))
    return response


def _check(call: Call) -> None:
    """Raise 400 for what has no steps to tell of, and for what is to be done rather than explained."""
    if call.info.verb == "deletecollection":
        raise bad_request("explain is for one object: delete a collection without it, or its objects one by one")
    if call.resource.create_only is not None:
        raise bad_request(f"{call.resource.plural} are answered and not stored: there are no steps to explain")
    if call.info.verb == "delete":
        is_dry = delete_options(call.request.body, call.content_type, call.query, call.backend.decoders).dry_run
    else:
        is_dry = call.query.get("dryRun") == DRY_RUN
    if not is_dry:
        raise bad_request("explain needs dryRun=All: only a write that is not done can be explained")


async def _demand_chain(call: Call) -> None:
    verdict = call.authorizer.authorize(call.user, _CHAIN)
    demand(verdict if isinstance(verdict, Verdict) else await verdict, call.user, _CHAIN)


def _plainly(call: Call, trace: "Trace") -> Call:
    """The call with a trace, answered by the object as JSON whatever form the client wants the explanation in."""
    from steersman.apiserver.admission.observed import Observed

    request: Request = copy(call.request)
    request.headers = {name: value for name, value in call.request.headers.items() if name not in (b"accept", HEADER)}
    if request.observed is None:
        request.observed = Observed()
    request.observed.trace = trace
    query = {name: value for name, value in call.query.items() if name not in ("pretty", PARAMETER)}
    return Call(request, call.info, query, call.resource, call.backend, call.authorizer)


def _body(answer: Answer) -> bytes:
    assert isinstance(answer, Response)
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _asked(call: Call, answer: Answer | None, outcome: Mapping[str, Any] | ApiError) -> dict[str, Any]:
    """The explanation's ``request``."""
    info, name = call.info, call.info.name
    if not name and not isinstance(outcome, ApiError):
        name = (outcome.get("metadata") or {}).get("name") or ""
    created = answer is not None and answer.status == 201
    asked = {
        "operation": "CREATE" if created else _OPERATIONS[info.verb],
        "group": info.group,
        "version": info.version,
        "resource": info.resource,
        "subresource": info.subresource,
        "namespace": call.namespace,
        "name": name,
        "user": call.user.name,
    }
    return {field: value for field, value in asked.items() if value or field == "group"}
