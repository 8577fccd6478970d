"""Targets and header fields."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.request_head import check_host, parse_target

SEGMENT = st.text(st.characters(codec="utf-8", exclude_characters="/\x7f", min_codepoint=0x20)).filter(
    lambda segment: segment not in (".", "..")
)


@pytest.mark.parametrize(
    ("target", "parsed"),
    [
        (b"/", ("/", "")),
        (b"/api/v1/namespaces/default?pretty=true&x=%2F%zz", ("/api/v1/namespaces/default", "pretty=true&x=%2F%zz")),
        (b"/a?b?c", ("/a", "b?c")),
        (b"/caf%C3%A9/%25/%3F", ("/café/%/?", "")),
        (b"/a//b/", ("/a//b/", "")),
        (b"/..a/b../.c./...", ("/..a/b../.c./...", "")),
        (b"/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", None),
        (b"http://localhost:6443/api?x", ("/api", "x")),
        (b"HTTPS://[::1]:6443/api", ("/api", "")),
        (b"http://localhost", ("/", "")),
        (b"http://localhost?x", ("/", "x")),
    ],
)
def test_targets(target: bytes, parsed: tuple[str, str] | None) -> None:
    assert parse_target(target) == (parsed or (target.decode(), ""))


@given(st.lists(SEGMENT, min_size=1))
def test_every_path_survives_encoding(segments: list[str]) -> None:
    path = "/" + "/".join(segments)

    assert parse_target(quote(path).encode()) == (path, "")


@given(st.binary())
def test_a_path_has_as_many_segments_decoded_as_encoded(tail: bytes) -> None:
    try:
        path, _ = parse_target(b"/" + tail)
    except ApiError:
        return
    assert path.count("/") == (b"/" + tail).partition(b"?")[0].count(b"/")
    assert not {".", ".."} & set(path.split("/"))
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in path)


@pytest.mark.parametrize("host", [b"", b"localhost", b"a.b:80", b"127.0.0.1:6443", b"[::1]:6443", b"[fe80::1%25eth0]"])
def test_hosts(host: bytes) -> None:
    check_host(host)


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"a:b", b"::1", b"a,b,c:d", b"[::1", b"a@b", b"a#", b"\xe4"])
def test_what_is_no_host(host: bytes) -> None:
    with pytest.raises(ApiError):
        check_host(host)
