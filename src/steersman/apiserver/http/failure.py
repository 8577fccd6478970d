"""Failures as answers: the Kubernetes ``Status`` a client gets for an exception."""

import logging

import orjson

from steersman.apimachinery.errors import ApiError, internal_error, service_unavailable
from steersman.apiserver.http.message import Response
from steersman.storage.store import StoreClosed

_logger = logging.getLogger(__name__)


def status_response(error: ApiError) -> Response:
    """``error`` as its Status in JSON, with its own headers."""
    headers = tuple((name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in error.headers)
    return Response(error.code, orjson.dumps(error.status()), headers=headers)


def failure_response(error: Exception, method: str, path: str) -> Response:
    """What the client gets for ``error``, raised while a request was handled.

    An :class:`ApiError` is its own answer, and a store that is gone is a 503 (``/readyz`` says why). Anything else is a
    defect: logged with its traceback, and answered with a 500 that tells nothing about it.
    """
    if isinstance(error, ApiError):
        return status_response(error)
    if isinstance(error, StoreClosed):
        return status_response(service_unavailable("the store is closed; ask again when the server is back"))
    _logger.error("%s %s failed", method, path, exc_info=error)
    return status_response(internal_error("the server's log has the cause"))
