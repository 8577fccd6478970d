"""Failed requests as exceptions."""

import orjson
import pytest

from steersman.apimachinery.errors import ApiError
from steersman.client.rest.status import api_error

HTML = b"<html><body>\n  <h1>503 Service Unavailable</h1>\n</body></html>\n"


def test_a_status_is_taken_as_it_is() -> None:
    sent = ApiError(409, "AlreadyExists", 'configmaps "a" already exists', {"name": "a", "kind": "configmaps"})

    error = api_error(409, orjson.dumps(sent.status()), [("retry-after", "1")])

    assert error.status() == sent.status()
    assert error.headers == (("retry-after", "1"),)


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (400, "BadRequest", "the server rejected our request for an unknown reason"),
        (401, "Unauthorized", "the server has asked for the client to provide credentials"),
        (403, "Forbidden", "<html><body> <h1>503 Service Unavailable</h1> </body></html>"),
        (404, "NotFound", "the server could not find the requested resource"),
        (405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
        (409, "Conflict", "the server reported a conflict"),
        (410, "Gone", "the server no longer has the requested resource"),
        (418, "Unknown", "the server responded with the status code 418 but did not return more information"),
        (422, "Invalid", "the server rejected our request due to an error in our request"),
        (429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    ],
)
def test_a_page_of_a_proxy_is_told_as_client_go_tells_it(code: int, reason: str, message: str) -> None:
    error = api_error(code, HTML, [("content-type", "text/html")])

    assert (error.code, error.reason, error.message) == (code, reason, message)
    assert error.details == {"causes": [{"reason": "UnexpectedServerResponse", "message": HTML.decode().strip()}]}


def test_an_unknown_failure_of_the_server_is_quoted_in_one_line() -> None:
    error = api_error(502, b"bad\ngateway", [("content-type", "text/plain"), ("retry-after", "7")])

    assert error.reason == "InternalError"
    assert error.message == r'an error on the server ("bad\ngateway") has prevented the request from succeeding'
    assert error.details is not None
    assert error.details["retryAfterSeconds"] == 7


@pytest.mark.parametrize("code", [403, 406, 415])
@pytest.mark.parametrize(("body", "content_type"), [(b"", "text/plain"), (b"\x00\x01", "application/octet-stream")])
def test_where_a_text_is_due_and_none_came_there_is_one(code: int, body: bytes, content_type: str) -> None:
    assert api_error(code, body, [("content-type", content_type)]).message.startswith("the server ")


def test_a_conflict_when_creating_is_an_object_that_exists() -> None:
    assert api_error(409, b"", (), "POST").reason == "AlreadyExists"


def test_a_redirect_says_where_to() -> None:
    error = api_error(302, b"", [("location", "https://login.example/")])
    assert error.message == "the server redirects to 'https://login.example/', which is not followed"


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind":"Status","code":"404","reason":7,"message":null,"details":[],"metadata":"x"}',
        b'{"kind":"Status"}',
    ],
)
def test_a_status_with_fields_of_wrong_types_is_filled_in(body: bytes) -> None:
    error = api_error(404, body)

    assert (error.code, error.reason, error.details, error.metadata) == (404, "NotFound", None, {})
    assert error.message


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"kind":"Pod"}', b"{", b"\xff", b""])
def test_other_json_is_no_status(body: bytes) -> None:
    assert api_error(503, body, [("content-type", "application/json")]).reason == "ServiceUnavailable"
