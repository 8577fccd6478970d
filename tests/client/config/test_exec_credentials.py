"""Credential plugins: small real programs, run as kubectl would run them."""

import asyncio
import base64
import json
import os
import select
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.client.config.certificates import Pair

from steersman.client.config import (
    ClientCertificate,
    Config,
    ConfigError,
    CredentialError,
    ExecCluster,
    ExecCredentials,
    ExecPlugin,
    TlsConfig,
)

V1 = "client.authentication.k8s.io/v1"
V1BETA1 = "client.authentication.k8s.io/v1beta1"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Script = Callable[..., ExecPlugin]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a plugin of shell lines; the file ``count`` gets a line for each run."""

    def make(lines: str, **fields: Any) -> ExecPlugin:
        path = tmp_path / "plugin"
        path.write_text(f"#!/bin/sh\necho run >> {tmp_path}/count\n{lines}\n")
        path.chmod(0o700)
        return ExecPlugin(**{"command": str(path), "api_version": V1, "interactive_mode": "Never", **fields})

    return make


@pytest.fixture
def runs(tmp_path: Path) -> Callable[[], int]:
    return lambda: len((tmp_path / "count").read_text().splitlines())


def answer(api_version: str = V1, **status: Any) -> str:
    credential = {"kind": "ExecCredential", "apiVersion": api_version, "status": status}
    return f"cat <<'END'\n{json.dumps(credential)}\nEND"


class Clock:
    """A time of day that tests set."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.mark.parametrize("version", [V1, V1BETA1])
async def test_a_token_becomes_a_header(script: Script, version: str) -> None:
    credentials = ExecCredentials(script(answer(version, token="abc"), api_version=version))
    assert await credentials.headers() == {"Authorization": "Bearer abc"}
    assert credentials.client_certificate is None


async def test_without_an_expiry_the_plugin_runs_once(script: Script, runs: Callable[[], int]) -> None:
    credentials = ExecCredentials(script(answer(token="abc")))
    assert await credentials.headers() is await credentials.headers()
    assert runs() == 1


async def test_the_plugin_runs_again_when_its_credentials_expired(script: Script, runs: Callable[[], int]) -> None:
    clock = Clock()
    credentials = ExecCredentials(script(answer(token="abc", expirationTimestamp="2026-01-01T12:05:00Z")), now=clock)
    await credentials.headers()
    clock.time = NOON + timedelta(minutes=5)
    await credentials.headers()
    assert runs() == 1
    clock.time = NOON + timedelta(minutes=5, seconds=1)
    await credentials.headers()
    assert runs() == 2


async def test_requests_that_wait_share_one_run(script: Script, runs: Callable[[], int]) -> None:
    credentials = ExecCredentials(script(answer(token="abc")))
    results = await asyncio.gather(*(credentials.headers() for _ in range(20)))
    assert runs() == 1
    assert all(result is results[0] for result in results)


async def test_rejected_credentials_are_renewed_once(script: Script, runs: Callable[[], int], tmp_path: Path) -> None:
    counted = answer(token="t$(wc -l < COUNT)").replace("'END'", "END").replace("COUNT", f"{tmp_path}/count")
    credentials = ExecCredentials(script(counted))
    rejected = await credentials.headers()
    assert await asyncio.gather(*(credentials.refresh(rejected) for _ in range(5))) == [True] * 5
    assert await credentials.refresh(rejected)
    assert runs() == 2
    assert await credentials.headers() == {"Authorization": "Bearer t2"}


async def test_the_same_credentials_again_are_not_worth_a_retry(script: Script) -> None:
    credentials = ExecCredentials(script(answer(token="abc")))
    assert not await credentials.refresh(await credentials.headers())


async def test_a_certificate_is_used_for_connections(script: Script, authority: Pair, user_pair: Pair) -> None:
    pems = {"clientCertificateData": user_pair.cert_pem.decode(), "clientKeyData": user_pair.key_pem.decode()}
    credentials = ExecCredentials(script(answer(**pems)))
    config = Config("https://server", tls=TlsConfig(ca_data=authority.cert_pem), credentials=credentials)
    before = config.ssl_context()
    assert await credentials.headers() == {}
    assert credentials.client_certificate == ClientCertificate(user_pair.cert_pem, user_pair.key_pem)
    after = config.ssl_context()
    assert after is not before
    assert not await credentials.refresh(await credentials.headers())
    assert config.ssl_context() is after


async def test_a_certificate_that_is_none_is_refused(script: Script) -> None:
    credentials = ExecCredentials(script(answer(clientCertificateData="secret-cert", clientKeyData="secret-key")))
    config = Config("https://server", credentials=credentials)
    await credentials.headers()
    with pytest.raises(ConfigError) as raised:
        config.ssl_context()
    assert "secret" not in str(raised.value)


async def test_the_plugin_is_told_about_the_cluster(script: Script, tmp_path: Path) -> None:
    plugin = script(
        f'printf %s "$KUBERNETES_EXEC_INFO" > {tmp_path}/info; printf "%s %s" "$1" "$EXTRA" > {tmp_path}/given\n'
        + answer(token="abc"),
        provide_cluster_info=True,
        args=("a b; $(exit)",),
        env=(("EXTRA", "more"),),
    )
    tls = TlsConfig(ca_data=b"authority", server_name="inner")
    cluster = ExecCluster("https://server", tls, "http://proxy", True, {"audience": "x"})
    await ExecCredentials(plugin, cluster).headers()
    assert json.loads((tmp_path / "info").read_text()) == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "interactive": False,
            "cluster": {
                "server": "https://server",
                "tls-server-name": "inner",
                "certificate-authority-data": base64.b64encode(b"authority").decode(),
                "proxy-url": "http://proxy",
                "disable-compression": True,
                "config": {"audience": "x"},
            },
        },
    }
    assert (tmp_path / "given").read_text() == "a b; $(exit) more"


async def test_without_being_asked_nothing_is_told(script: Script, tmp_path: Path) -> None:
    plugin = script(f'printf %s "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n' + answer(token="abc"))
    await ExecCredentials(plugin, ExecCluster("https://server", TlsConfig())).headers()
    assert json.loads((tmp_path / "info").read_text())["spec"] == {"interactive": False}


FAILURES = [
    ("exit 3", "failed with exit code 3"),
    ("kill -9 $$", "failed with exit code -9"),
    ("echo hunter2", "its output is not JSON"),
    ("echo '[]'", "its output is no ExecCredential"),
    ('echo \'{"kind":"Secret"}\'', "its output is no ExecCredential"),
    (
        answer(V1BETA1, token="hunter2"),
        f"it is configured to use API version {V1}, but returned {V1BETA1}",
    ),
    (answer("hunter2"), f"it is configured to use API version {V1}, but returned another one"),
    (f'echo \'{{"kind":"ExecCredential","apiVersion":"{V1}"}}\'', "it returned no status"),
    (answer(), "it returned no token and no certificate and key"),
    (answer(clientKeyData="hunter2"), "it returned only one of certificate and key"),
    (answer(token=7), "status.token must be a string"),
    (answer(token="hunter2\r\nHost: other"), "status.token cannot stand in a header"),
    (
        answer(token="hunter2", expirationTimestamp="tomorrow"),
        "status.expirationTimestamp must be a time as in RFC 3339",
    ),
    ("head -c 2000000 /dev/zero", "its output exceeds 1048576 bytes"),
]


@pytest.mark.parametrize(("lines", "message"), FAILURES)
async def test_a_failing_plugin_is_explained(script: Script, lines: str, message: str) -> None:
    plugin = script(lines)
    with pytest.raises(CredentialError) as raised:
        await ExecCredentials(plugin).headers()
    assert str(raised.value) == f"exec plugin {plugin.command}: {message}"


async def test_after_a_failure_it_is_tried_again(script: Script, runs: Callable[[], int]) -> None:
    credentials = ExecCredentials(script("exit 1"))
    for _ in range(2):
        with pytest.raises(CredentialError):
            await credentials.headers()
    assert runs() == 2


async def test_a_missing_program_comes_with_its_hint() -> None:
    plugin = ExecPlugin("no-such-plugin", V1, install_hint="Get it \x1b[1mhere\x1b[0m:\n  https://example.com")
    with pytest.raises(CredentialError) as raised:
        await ExecCredentials(plugin).headers()
    assert str(raised.value) == (
        "exec plugin no-such-plugin: executable not found; it must be installed, and in PATH, to log in: "
        "Get it U+001B[1mhereU+001B[0m:\n  https://example.com"
    )


async def test_a_file_that_is_no_program_is_explained(script: Script) -> None:
    plugin = script("exit 0")
    Path(plugin.command).write_text("neither script nor program")
    with pytest.raises(CredentialError, match="cannot be started: Exec format error"):
        await ExecCredentials(plugin).headers()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    """Whether the process ends, once it has been sent the signal to."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


SLOW = "sleep 1000 & echo $! > {path}/child\nwait"


async def test_a_plugin_that_takes_too_long_is_stopped_with_its_children(script: Script, tmp_path: Path) -> None:
    credentials = ExecCredentials(script(SLOW.format(path=tmp_path)), timeout=0.5)
    with pytest.raises(CredentialError, match=r"gave no answer within 0\.5 seconds"):
        await credentials.headers()
    # On a busy machine the plugin may not have got as far as having a child.
    assert all(ends(int(file.read_text())) for file in tmp_path.glob("child"))


async def test_a_plugin_for_which_nobody_waits_is_stopped(script: Script, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "child")
    credentials = ExecCredentials(script(SLOW.format(path=tmp_path)))
    requests = [asyncio.create_task(credentials.headers()) for _ in range(2)]
    child = int(await asyncio.to_thread((tmp_path / "child").read_text))
    requests[0].cancel()
    await asyncio.wait(requests[:1])
    assert alive(child)
    requests[1].cancel()
    await asyncio.wait(requests)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
    assert ends(child)


async def test_stderr_is_passed_on(script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    await ExecCredentials(script("echo open the browser >&2\n" + answer(token="abc"))).headers()
    assert capfd.readouterr().err == "open the browser\n"


MODES = [("Never", True, False), ("IfAvailable", True, True), ("IfAvailable", False, False), ("Always", True, True)]


@pytest.mark.parametrize(("mode", "terminal", "interactive"), MODES)
async def test_interactive_mode(script: Script, mode: str, terminal: bool, interactive: bool, tmp_path: Path) -> None:
    lines = f'printf %s "$KUBERNETES_EXEC_INFO" > {tmp_path}/info\n' + answer(token="abc")
    credentials = ExecCredentials(script(lines, interactive_mode=mode), stdin_is_terminal=lambda: terminal)
    await credentials.headers()
    assert json.loads((tmp_path / "info").read_text())["spec"] == {"interactive": interactive}


async def test_a_plugin_that_needs_a_terminal_is_not_run_without(script: Script) -> None:
    credentials = ExecCredentials(script("exit 0", interactive_mode="Always"), stdin_is_terminal=lambda: False)
    with pytest.raises(CredentialError, match="needs standard input, which is not a terminal"):
        await credentials.headers()


def test_arguments_and_environment_are_not_shown() -> None:
    plugin = ExecPlugin("login", V1, ("--password=hunter2",), (("PASSWORD", "hunter2"),))
    assert "hunter2" not in repr(ExecCredentials(plugin))
