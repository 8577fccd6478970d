"""``steersman serve`` as an operator meets it: its line, its files, its users, its refusals and its end."""

import http.client
import json
import os
import re
import shlex
import signal
import ssl
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import new_server as new_server
from tests.conformance.processes import ServerProcess

STEERSMAN = [sys.executable, "-m", "steersman"]
FLAGS = [
    "--listen", "--store", "--data-dir", "--kubeconfig", "--token-auth-file", "--insecure-http", "--runtime-config",
    "--emulated-version", "--profile", "--compaction-interval", "--verbose",
]  # fmt: skip

Start = Callable[..., ServerProcess]


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end, on a wide terminal without colours."""
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", **environment}
    return subprocess.run([*STEERSMAN, *args], capture_output=True, text=True, timeout=60, env=wide)


def ask(server: ServerProcess, path: str, token: str | None = None) -> tuple[int, Any]:
    """A GET without a client certificate."""
    context = ssl.create_default_context(cafile=str(server.directory / "pki" / "ca.crt"))
    connection = http.client.HTTPSConnection(server.url.removeprefix("https://"), context=context, timeout=30)
    connection.request("GET", path, headers={} if token is None else {"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(*args: str) -> str:
    """What ``serve`` says when it cannot: one line on standard error, exit code 2, nothing on standard output."""
    done = run("serve", *args)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("steersman: ")
    return done.stderr


def test_it_prints_one_line_and_serves_on_a_free_port(new_server: Start) -> None:
    server = new_server()
    assert re.fullmatch(r"https://127\.0\.0\.1:[1-9]\d*", server.url)
    assert server.kubeconfig == server.directory / "kubeconfig"
    assert server.request("GET", "/readyz") == (200, "ok")
    assert server.process is not None
    assert server.process.stdout is not None
    server.process.send_signal(signal.SIGTERM)
    assert server.process.stdout.read() == ""


def test_the_kubeconfig_is_written_where_it_is_wanted(new_server: Start, tmp_path: Path) -> None:
    wanted = tmp_path / "elsewhere.yaml"
    server = new_server(f"--kubeconfig={wanted}")
    assert server.kubeconfig == wanted
    assert server.url in wanted.read_text()
    assert mode(wanted) == 0o600
    assert not (server.directory / "kubeconfig").exists()


def test_files_are_the_owners_alone(new_server: Start, tmp_path: Path) -> None:
    made = tmp_path / "made-by-the-server"
    server = new_server(f"--data-dir={made}")
    server.directory = made
    assert server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "one"}})[0] == 201
    files = [path for path in made.rglob("*") if path.is_file()]
    assert {"kubeconfig", "state.db", "ca.key", "admin.key"} <= {path.name for path in files}
    assert {path.name: oct(mode(path)) for path in files} == {path.name: "0o600" for path in files}
    assert [mode(path) for path in (made, made / "pki")] == [0o700, 0o700]


def test_tokens(new_server: Start, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('letmein,jane,1,"system:masters"\nsomeone,joe,2\n')
    tokens.chmod(0o600)
    server = new_server(f"--token-auth-file={tokens}", "--store=memory:")
    assert ask(server, "/api/v1/namespaces", "letmein")[0] == 200
    for token in ("wrong", None):
        status, answer = ask(server, "/api/v1/namespaces", token)
        assert (status, answer["kind"], answer["reason"]) == (401, "Status", "Unauthorized")
    status, answer = ask(server, "/api/v1/namespaces", "someone")
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert 'User "joe" cannot list resource "namespaces"' in answer["message"]


def test_plain_http_is_served_besides(new_server: Start) -> None:
    server = new_server("--insecure-http=127.0.0.1:0", "--store=memory:")
    said = re.search(r"plain HTTP on (http://127\.0\.0\.1:\d+)", (server.directory / "server.log").read_text())
    assert said is not None
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{said[1]}/api", timeout=30)
    assert refused.value.code == 401
    assert server.request("GET", "/api")[0] == 200


REFUSALS = [
    (["--insecure-http=0.0.0.0:0"], "plain HTTP is served on a loopback address only, not on 0.0.0.0"),
    (["--insecure-http=192.0.2.1:80"], "plain HTTP is served on a loopback address only, not on 192.0.2.1"),
    (["--store=oracle:"], "no store is known for 'oracle:'"),
    (["--store=sqlite:////nonexistent/there/state.db"], "/nonexistent/there/state.db"),
    (["--listen=here"], "'here' is not an address: write HOST:PORT"),
    (["--listen=127.0.0.1:99999"], "'127.0.0.1:99999' is not an address"),
    (["--listen=192.0.2.1:0"], "cannot listen on 192.0.2.1:0: Cannot assign requested address"),
    (["--profile=tiny"], "'tiny' is no profile: choose one of kubernetes, crd-only"),
    (["--emulated-version=1.6"], "choose one from 1.7 to 1.37"),
    (["--emulated-version=2.0"], "choose one from 1.7 to 1.37"),
    (["--runtime-config=apps/v9=true"], "no minor version of Kubernetes has apps/v9"),
    (["--runtime-config=apps/v1=perhaps"], "the value must be true or false"),
    (["--token-auth-file=/nonexistent/tokens.csv"], "/nonexistent/tokens.csv: No such file or directory"),
]


@pytest.mark.parametrize(("flags", "said"), REFUSALS, ids=[row[0][0] for row in REFUSALS])
def test_what_cannot_be_served_is_one_line(tmp_path: Path, flags: list[str], said: str) -> None:
    assert said in refusal("--listen=127.0.0.1:0", f"--data-dir={tmp_path / 'data'}", *flags)


def test_a_port_and_a_data_directory_are_one_servers(new_server: Start, tmp_path: Path) -> None:
    server = new_server()
    address = server.url.removeprefix("https://")
    taken = refusal(f"--listen={address}", f"--data-dir={tmp_path / 'other'}")
    assert f"cannot listen on {address}: Address already in use" in taken
    locked = refusal("--listen=127.0.0.1:0", f"--data-dir={server.directory}")
    assert str(server.directory / "state.db") in locked
    assert server.request("GET", "/readyz") == (200, "ok")


def test_sigterm_ends_watches_and_the_process(new_server: Start) -> None:
    server = new_server()
    path = "/api/v1/namespaces?watch=true&resourceVersion=0"
    with urllib.request.urlopen(urllib.request.Request(server.url + path), context=server.tls(), timeout=30) as watch:
        first = json.loads(watch.readline())
        stopping: list[int] = []
        stopper = threading.Thread(target=lambda: stopping.append(server.stop()))
        stopper.start()
        rest = watch.read()
        stopper.join()
    # Chunked to its very end: reading would have raised IncompleteRead otherwise.
    assert first["type"] == "ADDED"
    assert all(json.loads(line)["type"] == "ADDED" for line in rest.splitlines())
    assert stopping == [0]


def test_an_interrupt_ends_it_too(new_server: Start) -> None:
    server = new_server("--store=memory:")
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(30) == 0
    assert "Traceback" not in (server.directory / "server.log").read_text()


def test_version() -> None:
    assert re.fullmatch(r"steersman \d+\.\d+\.\d+ \(Kubernetes 1\.37, Python 3\.\d+\.\d+\)\n", run("version").stdout)


def test_help_names_every_flag_with_its_default() -> None:
    shown = " ".join(run("serve", "--help").stdout.split())
    described = re.split(r"(?=--[a-z])", shown.partition("Options")[2])
    for flag in FLAGS:
        text = next(part for part in described if part.startswith(flag + " "))
        assert "[default: " in text, text


def test_completion_is_offered_for_the_shell_that_asks() -> None:
    command = f"{shlex.join([*STEERSMAN, '--show-completion'])}; exit $?"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "complete -o default" in done.stdout
