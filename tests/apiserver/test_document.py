from collections.abc import Callable

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.document import Document, content_hash, require_read
from steersman.apiserver.http.message import Request

Get = Callable[..., Request]


def test_answers_whole_with_its_tag(get: Get) -> None:
    document = Document(b"body", b"text/plain")

    answer = document.answer(get("/"))

    assert (answer.status, answer.body, answer.content_type) == (200, b"body", b"text/plain")
    assert dict(answer.headers) == {b"ETag": b'"%b"' % document.etag.encode(), b"Vary": b"Accept"}


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_a_client_that_has_it_gets_nothing_anew(get: Get, form: str) -> None:
    document = Document(b"body", b"text/plain")

    answer = document.answer(get("/", if_none_match=form.format(document.etag)))

    assert (answer.status, answer.body) == (304, b"")
    # Go's httpcache lays the headers of a 304 over those it has stored.
    assert answer.content_type == b"text/plain"
    assert dict(answer.headers)[b"ETag"] == b'"%b"' % document.etag.encode()


def test_a_client_that_has_another_gets_it_whole(get: Get) -> None:
    assert Document(b"body").answer(get("/", if_none_match='"other"')).status == 200


def test_headers_of_one_answer_are_added_to_both_forms(get: Get) -> None:
    document = Document(b"body")
    kept = ((b"Cache-Control", b"public"),)

    fresh = document.answer(get("/"), kept)
    known = document.answer(get("/", if_none_match=f'"{document.etag}"'), kept)

    assert dict(fresh.headers)[b"Cache-Control"] == dict(known.headers)[b"Cache-Control"] == b"public"
    assert b"Cache-Control" not in dict(document.answer(get("/")).headers)


def test_the_hash_tells_where_pieces_end() -> None:
    assert content_hash(b"ab", b"c") != content_hash(b"a", b"bc")


@pytest.mark.parametrize(("method", "allowed"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)])
def test_only_reads_are_allowed(get: Get, method: str, allowed: bool) -> None:
    if allowed:
        require_read(get("/", method=method))
    else:
        with pytest.raises(ApiError) as refused:
            require_read(get("/", method=method))
        assert refused.value.code == 405
