"""What a client gets for an exception."""

import logging

import orjson
import pytest

from steersman.apimachinery.errors import too_large
from steersman.apiserver.http.failure import failure_response
from steersman.storage.store import StoreClosed


def test_an_api_error_is_its_own_answer() -> None:
    assert failure_response(too_large("much"), "PUT", "/a").status == 413


def test_a_store_that_is_gone_is_a_503_and_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    answer = failure_response(StoreClosed("the disk is full"), "PUT", "/a")
    assert isinstance(answer.body, bytes)
    status = orjson.loads(answer.body)

    assert (answer.status, status["reason"]) == (503, "ServiceUnavailable")
    assert (b"Retry-After", b"1") in answer.headers
    assert not caplog.records


def test_anything_else_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = failure_response(KeyError("secret"), "PUT", "/a")

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert caplog.records[0].exc_info is not None
