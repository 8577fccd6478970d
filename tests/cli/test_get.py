"""``steersman get`` next to kubectl on the same server, and what kubectl has no more: uninitialized objects."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.commands import Steersman, run
from tests.cli.manifests import ALL, SETTINGS
from tests.conformance.processes import ROOT_CA, Kubectl, ServerProcess, bundled_kubectl

AGE = re.compile(r"\b\d+s\b *")


@pytest.fixture(scope="module")
def reader(shared_server: ServerProcess) -> tuple[Steersman, Kubectl]:
    """Both in a namespace with some objects, which no test changes."""
    assert shared_server.request("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})[0] == 201
    kubectl = Kubectl(bundled_kubectl(), shared_server, "shop")
    kubectl("apply", "-f", "-", stdin=ALL)
    return Steersman(shared_server, "shop"), kubectl


TABLES = [
    "get cm",
    "get configmaps -A",
    "get cm settings",
    "get cm,deploy",
    "get all",
    "get deploy/web cm/settings",
    "get deploy -o wide --show-labels",
    "get cm -L app,example.com/tier",
    "get cm --no-headers",
    "get cm settings --show-kind",
    "get cm --sort-by=.metadata.name",
    "get cm --sort-by={.metadata.resourceVersion}",
    "get cm -l app=web",
    "get cm -l app!=web",
    "get cm --field-selector=metadata.name=settings",
    "get pods",
    "get pods -A",
    "get persistentvolumes",
    "get cm nothing",
    "get cm settings nothing another-with-a-longer-name",
    "get cm nothing --ignore-not-found",
    "get nonsense",
    "get deployments.v1.apps",
    "get Deployment.apps",
]


@pytest.mark.parametrize("command", TABLES)
def test_tables_are_those_of_kubectl(reader: tuple[Steersman, Kubectl], command: str) -> None:
    steersman, kubectl = reader
    ours = steersman.run(*command.split())
    theirs = kubectl(*command.split(), code=ours.code)
    said = ours.out + ours.err if ours.code else ours.out
    assert AGE.sub("AGE ", said) == AGE.sub("AGE ", theirs)


FORMATS = [
    ["cm", "-o", "name"],
    ["cm", "-o", "json"],
    ["cm", "settings", "-o", "json"],
    ["cm", "settings", "-o", "yaml"],
    ["deploy,svc", "-o", "yaml"],
    ["deploy", "web", "-o", "yaml", "--show-managed-fields"],
    ["cm", "-o", r'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.data}{"\n"}{end}'],
    ["cm", "settings", "-o", "jsonpath=a {.data.number} b {.data.missing}{.metadata.labels}"],
    ["deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[*].name}"],
    ["deploy", "web", "-o", 'jsonpath={.spec.template.spec.containers[?(@.name=="d")].image}'],
    ["cm", "-o", "jsonpath-as-json={.items[*].metadata.name}"],
    ["cm", "-o", "custom-columns=NAME:.metadata.name,NUMBER:.data.number,LABELS:metadata.labels"],
    ["cm", "-o", "custom-columns=NAME:{.metadata.name}", "--no-headers"],
    ["pods", "-o", "json"],
    ["pods", "-o", "name"],
]


@pytest.mark.parametrize("args", FORMATS, ids=" ".join)
def test_formats_are_those_of_kubectl(reader: tuple[Steersman, Kubectl], args: list[str]) -> None:
    steersman, kubectl = reader
    assert steersman("get", *args) == kubectl("get", *args)


def test_objects_of_files_are_found(reader: tuple[Steersman, Kubectl]) -> None:
    steersman, kubectl = reader
    assert steersman("get", "-f", "-", "-o", "name", stdin=ALL) == kubectl("get", "-f", "-", "-o", "name", stdin=ALL)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["get"], "Required resource not specified"),
        (["get", "cm", "x/y"], "there is no need to specify a resource type"),
        (["get", "cm", "x", "-A"], "cannot be retrieved by name across all namespaces"),
        (["get", "cm", "-o", "nonsense"], "unable to match a printer"),
        (["get", "cm", "-o", "jsonpath={.a"], "unclosed action"),
        (["get", "cm", "-o", "jsonpath={range .items[*]}{.a}"], "unclosed range"),
        (["get", "cm", "-o", "custom-columns=NAME"], "expected <header>:<json-path-expr>"),
        (["get", "cm,secrets", "-w"], "watch is only supported on individual resources"),
        (["get", "-f", "https://example.com/x.yaml"], "URL cannot be read"),
        (["get", "cm", "--request-timeout=soon"], "Invalid timeout value"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(steersman: Steersman, args: list[str], said: str) -> None:
    done = steersman.run(*args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


def test_a_server_that_is_not_there() -> None:
    done = run(["get", "pods", "--server", "http://127.0.0.1:9"], KUBECONFIG="", HOME="/nonexistent")
    assert done.code == 1
    assert done.err.startswith("Unable to connect to the server: ")
    assert done.err.count("\n") == 1


def test_a_wrong_token(shared_server: ServerProcess) -> None:
    flags = ["--server", shared_server.url, "--insecure-skip-tls-verify", "--token", "wrong"]
    done = run(["get", "secrets", *flags], KUBECONFIG="", HOME="/nonexistent")
    assert (done.code, done.err) == (1, "error: You must be logged in to the server (Unauthorized)\n")


def test_watch_prints_what_comes_and_ends_quietly(shared_server: ServerProcess, steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    command = [sys.executable, "-m", "steersman", "get", "cm", "-w", "--output-watch-events", "-n", steersman.namespace]
    flags = ["--kubeconfig", str(shared_server.kubeconfig)]
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        header, authority, first = (process.stdout.readline() for _ in range(3))
        assert header.split() == ["EVENT", "NAME", "DATA", "AGE"]
        assert authority.split()[:3] == ["ADDED", ROOT_CA, "1"]
        assert first.split()[:3] == ["ADDED", "settings", "6"]
        steersman("label", "cm", "settings", "a=b")
        assert process.stdout.readline().split()[:2] == ["MODIFIED", "settings"]
        steersman("delete", "cm", "settings")
        assert process.stdout.readline().split()[:2] == ["DELETED", "settings"]
        process.send_signal(2)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")


def test_a_reader_that_goes_away_is_no_error(shared_server: ServerProcess, steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    command = f"{sys.executable} -m steersman get ns,cm -A -o json --kubeconfig {shared_server.kubeconfig} | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_the_command_does_not_load_the_server(shared_server: ServerProcess) -> None:
    script = (
        "import sys\nfrom steersman.cli import app\n"
        f"try:\n    app(['get', 'ns', '--kubeconfig', {str(shared_server.kubeconfig)!r}])\n"
        "except SystemExit:\n    pass\n"
        "rooms = ('steersman.controlplane', 'steersman.apiserver', 'steersman.storage', 'steersman.apis', 'pydantic')\n"
        "print([name for name in sys.modules if name.startswith(rooms)], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr == "[]\n"


STEERSMAN = str(Path(sys.executable).parent / "steersman")


def complete(line: str) -> list[str]:
    """What a shell offers for the last word."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    environment = {**os.environ, "_STEERSMAN_COMPLETE": "complete_bash", **words}
    done = subprocess.run([STEERSMAN], capture_output=True, text=True, timeout=60, env=environment)
    return done.stdout.split()


def test_completion_knows_the_commands_types_and_names(shared_server: ServerProcess, steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    flags = f"--kubeconfig {shared_server.kubeconfig} -n {steersman.namespace}"
    assert complete("steersman initi") == ["initializers"]
    assert complete(f"steersman get {flags} deplo") == ["deployments"]
    assert complete(f"steersman get {flags} configmaps s") == ["settings"]
    assert complete("steersman get --kubeconfig /nonexistent deplo") == []


def test_completion_can_be_shown() -> None:
    done = subprocess.run([STEERSMAN, "--show-completion", "bash"], capture_output=True, text=True, timeout=60)
    assert "_STEERSMAN_COMPLETE" in done.stdout
