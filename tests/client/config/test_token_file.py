"""Tokens in files that rotate."""

import logging
from pathlib import Path

import pytest

from steersman.client.config import CredentialError, TokenFile, load_config


class Clock:
    """Seconds that tests set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("one\n")
    return tmp_path / "token"


async def test_a_rotated_token_is_read_within_a_minute(path: Path, clock: Clock) -> None:
    token = TokenFile(path, clock=clock)
    first = await token.headers()
    assert first == {"Authorization": "Bearer one"}
    path.write_text("two")
    clock.seconds += 49.9
    assert await token.headers() is first
    clock.seconds += 0.1
    assert await token.headers() == {"Authorization": "Bearer two"}


async def test_an_unchanged_token_gives_the_same_headers(path: Path, clock: Clock) -> None:
    token = TokenFile(path, clock=clock)
    first = await token.headers()
    clock.seconds += 100
    assert await token.headers() is first


async def test_a_rejected_token_is_read_again_at_once(path: Path, clock: Clock) -> None:
    token = TokenFile(path, clock=clock)
    rejected = await token.headers()
    assert not await token.refresh(rejected)
    path.write_text("two")
    assert await token.refresh(rejected)
    assert await token.headers() == {"Authorization": "Bearer two"}


async def test_headers_that_were_replaced_need_no_reading(path: Path, clock: Clock) -> None:
    token = TokenFile(path, clock=clock)
    rejected = await token.headers()
    path.write_text("two")
    assert await token.refresh(rejected)
    path.unlink()
    assert await token.refresh(rejected)


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff", b"one\ntwo"])
async def test_the_last_good_token_stays(
    content: bytes | None, path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    token = TokenFile(path, clock=clock)
    await token.headers()
    path.unlink() if content is None else path.write_bytes(content)
    clock.seconds += 60
    with caplog.at_level(logging.WARNING):
        assert await token.headers() == {"Authorization": "Bearer one"}
    assert str(path) in caplog.text
    assert "two" not in caplog.text


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file or directory"), (b"", "it is empty"), (b"a\nb", "it is no token")]
)
async def test_without_any_token_there_is_an_error(content: bytes | None, problem: str, path: Path) -> None:
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(CredentialError) as raised:
        await TokenFile(path).headers()
    assert str(raised.value) == f"{path}: cannot read a token: {problem}"


async def test_an_inline_token_stands_in_for_a_missing_file(path: Path, clock: Clock) -> None:
    content = path.read_text()
    path.unlink()
    token = TokenFile(path, fallback="inline", clock=clock)
    assert await token.headers() == {"Authorization": "Bearer inline"}
    path.write_text(content)
    assert await token.headers() == {"Authorization": "Bearer one"}


async def test_a_kubeconfig_names_a_file_beside_it(path: Path) -> None:
    config = path.parent / "config"
    config.write_text("""
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: https://a}}]
users: [{name: a, user: {tokenFile: token, token: inline}}]
""")
    credentials = load_config(config).credentials
    assert await credentials.headers() == {"Authorization": "Bearer one"}
    assert "one" not in repr(credentials)
