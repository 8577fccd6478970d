"""Bearer tokens from a file."""

import logging
from pathlib import Path

import pytest

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.authentication.token_file import TokenFile, TokenFileError
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Connection, Request

LINES = """secret-1,alice,uid-1
secret-2,bob,uid-2,"dev,ops"

secret-3,carol,uid-3,dev,more columns
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.csv"
    path.touch(0o600)
    return path


def find(tokens: TokenFile, authorization: str | None) -> UserInfo | None:
    headers = {} if authorization is None else {b"authorization": authorization.encode()}
    return tokens.authenticate(Request("GET", "/", "", headers, b"", Connection()))


@pytest.mark.parametrize(
    ("token", "user"),
    [
        ("secret-1", UserInfo("alice", "uid-1")),
        ("secret-2", UserInfo("bob", "uid-2", ("dev", "ops"))),
        ("secret-3", UserInfo("carol", "uid-3", ("dev",))),
    ],
)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_tokens(path: Path, token: str, user: UserInfo, scheme: str) -> None:
    path.write_text(LINES)

    assert find(TokenFile(path), f"{scheme} {token}") == user


def test_quoted_columns(path: Path) -> None:
    path.write_text('"secret ""4""","dan",uid-4,""\n')

    assert find(TokenFile(path), 'Bearer secret "4"') == UserInfo("dan", "uid-4")


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer   ", "Basic secret-1", "secret-1"])
def test_without_a_bearer_token_there_is_no_opinion(path: Path, authorization: str | None) -> None:
    path.write_text("secret-1,alice,uid-1\n")

    assert find(TokenFile(path), authorization) is None


@pytest.mark.parametrize("token", ["secret", "secret-11", "SECRET-1", "alice", "secret-1,alice"])
def test_unknown_tokens_are_refused(path: Path, token: str) -> None:
    path.write_text("secret-1,alice,uid-1\n")

    with pytest.raises(ApiError) as raised:
        find(TokenFile(path), f"Bearer {token}")
    assert raised.value.code == 401
    assert token not in raised.value.message


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (b"ok,alice,1\nsecret,bob\n", 2, "must have at least 3 columns (token, user name, user uid), found 2"),
        (b"ok,alice,1\n\nsecret\n", 3, "found 1"),
        (b'ok,alice,1\n"secret"x,bob,2\n', 2, "not valid CSV"),
        (b'"secret,alice,1\n', 1, "not valid CSV"),
    ],
)
def test_errors_name_the_line_and_not_the_token(path: Path, text: bytes, line: int, what: str) -> None:
    path.write_bytes(text)

    with pytest.raises(TokenFileError) as raised:
        TokenFile(path)
    assert f"tokens.csv:{line}: " in str(raised.value)
    assert what in str(raised.value)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_file_that_is_not_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(TokenFileError, match="not UTF-8"):
        TokenFile(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TokenFile(tmp_path / "none")


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_can_read_is_warned_about(
    path: Path, mode: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("secret-1,alice,uid-1\n")
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        TokenFile(path)

    assert ("can be read by others" in caplog.text) is warned


def test_empty_and_repeated_tokens_are_warned_about_by_line(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text(",nobody,1\nsecret-1,alice,1\nsecret-1,bob,2\n")
    tokens = TokenFile(path)

    assert [record.getMessage().rsplit("tokens.csv", 1)[1] for record in caplog.records] == [
        ":1: empty token, the line is skipped",
        ":3: the token is there already, this line counts",
    ]
    assert find(tokens, "Bearer secret-1") == UserInfo("bob", "2")


def test_no_token_is_kept(path: Path) -> None:
    path.write_text("secret-1,alice,uid-1\n")
    tokens = TokenFile(path)
    held = [getattr(tokens, name) for name in TokenFile.__slots__]

    assert "secret-1" not in repr(held)
