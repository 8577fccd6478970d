"""``steersman generate client`` as its user meets it: what it writes, what it says, and what it refuses."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.client.code_generator.crd_documents import as_yaml, crd, of_spec
from tests.conformance.conftest import new_server as new_server
from tests.conformance.processes import ServerProcess
from typer.testing import CliRunner

from steersman.cli import app


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def generate(*arguments: str | Path, cwd: Path, stdin: bytes = b"") -> Done:
    """The command, run to its end in ``cwd``, on a wide terminal without colours."""
    environment = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    with contextlib.chdir(cwd):
        result = CliRunner(env=environment).invoke(app, ["generate", "client", *map(str, arguments)], input=stdin)
    return Done(result.exit_code, result.stdout, result.stderr)


def refusal(done: Done) -> str:
    """What it says when it cannot: one line on standard error, exit code 2, nothing on standard output."""
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("steersman: ")
    return done.stderr.removeprefix("steersman: ").rstrip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the definitions of databases and tables, the latter served in two versions."""
    versions = [{"name": name, "served": True, "storage": name == "v1"} for name in ("v1", "v1beta1")]
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "databases.yaml").write_bytes(as_yaml(of_spec(size={"type": "integer"})))
    (tmp_path / "crds" / "tables.json").write_text(json.dumps(crd(plural="tables", kind="Table", versions=versions)))
    (tmp_path / "crds" / "notes.txt").write_text("[")
    return tmp_path


def test_it_tells_what_it_wrote_and_the_second_time_there_is_nothing_to_do(folder: Path) -> None:
    done = generate("--crd", "crds", "--output", "out", cwd=folder)
    files = ["databases/__init__.py", "databases/v1.py", "tables/__init__.py", "tables/v1.py", "tables/v1beta1.py"]
    assert done.stdout.splitlines() == [*(f"wrote out/{file}" for file in files), "0 of 5 files were up to date"]
    assert (done.returncode, done.stderr) == (0, "")
    assert generate("--crd", "crds", "--output", "out", cwd=folder).stdout == "5 of 5 files were up to date\n"


def test_what_is_generated_can_be_imported(folder: Path) -> None:
    generate("--crd", "crds/databases.yaml", "--output", ".", "--package", "clients", cwd=folder)
    code = "from clients.databases import Database, databases; print(Database(spec={'size': 3}).spec)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.stdout == "size=3\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "packages"),
    [
        (["--crd", "crds", "tables"], ["tables"]),
        (["--crd", "crds", "Table", "databases.example.com"], ["databases", "tables"]),
        (["--crd", "crds/databases.yaml", "crds/tables.json"], ["databases", "tables"]),
        (["--crd", "crds/databases.yaml", "--crd", "crds/tables.json", "tables"], ["tables"]),
        (["--crd", "-"], ["views"]),
    ],
)
def test_files_and_names_choose_what_is_generated(folder: Path, arguments: list[str], packages: list[str]) -> None:
    done = generate(*arguments, "--output", "out", cwd=folder, stdin=as_yaml(crd(plural="views", kind="View")))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (folder / "out").iterdir()) == packages


def test_check_tells_what_differs_and_writes_nothing(folder: Path) -> None:
    arguments = ("--crd", "crds/databases.yaml", "--output", "out", "--check")
    done = generate(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "differs: out/databases/__init__.py\ndiffers: out/databases/v1.py\n")
    assert not (folder / "out").exists()
    generate(*arguments[:-1], cwd=folder)
    assert generate(*arguments, cwd=folder).returncode == 0
    (folder / "out" / "databases" / "v1.py").write_text("# changed")
    assert generate(*arguments, cwd=folder).stdout == "differs: out/databases/v1.py\n"


def test_a_version_that_is_gone_is_removed(folder: Path) -> None:
    generate("--crd", "crds/tables.json", "--output", "out", cwd=folder)
    (folder / "out" / "tables" / "by_hand.py").write_text("# not generated\n")
    (folder / "crds" / "tables.json").write_text(json.dumps(crd(plural="tables", kind="Table")))
    assert generate("--crd", "crds/tables.json", "--output", "out", "--check", cwd=folder).returncode == 1
    done = generate("--crd", "crds/tables.json", "--output", "out", cwd=folder)
    assert "removed out/tables/v1beta1.py\n" in done.stdout
    left = sorted(path.name for path in (folder / "out" / "tables").glob("*.py"))
    assert left == ["__init__.py", "by_hand.py", "v1.py"]


def test_files_that_were_not_generated_are_overwritten_only_by_force(folder: Path) -> None:
    mine = folder / "out" / "databases" / "v1.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine = 1\n")
    arguments = ("--crd", "crds", "--output", "out")
    assert refusal(generate(*arguments, cwd=folder)) == "out/databases/v1.py was not generated; --force overwrites it"
    assert [path.name for path in (folder / "out").rglob("*.py")] == ["v1.py"]
    assert generate(*arguments, "--force", cwd=folder).returncode == 0
    assert mine.read_text() != "mine = 1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say where the definitions are: --crd FILE or --from-server"),
        (["--crd", "crds", "--from-server"], "say where the definitions are: --crd FILE or --from-server"),
        (["--crd", "missing.yaml"], "missing.yaml: No such file or directory"),
        (["--crd", "crds/notes.txt"], "crds/notes.txt: error converting YAML to JSON: yaml: "),
        (["--crd", "-"], "-: spec of a CustomResourceDefinition is missing"),
        (["--crd", "crds", "views"], "there is no CustomResourceDefinition 'views'"),
        (["--crd", "empty"], "there is no CustomResourceDefinition"),
        (["--crd", "crds", "--package", "a-b"], "'a-b' cannot be the name of a Python package"),
        (["--from-server", "--kubeconfig", "missing"], "missing: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_told_on_one_line(folder: Path, arguments: list[str], message: str) -> None:
    (folder / "empty").mkdir()
    incomplete: dict[str, Any] = {key: value for key, value in crd().items() if key != "spec"}
    done = generate(*arguments, "--output", "out", cwd=folder, stdin=as_yaml(incomplete))
    assert refusal(done).startswith(message)
    assert not (folder / "out").exists()


def test_definitions_come_from_a_server(new_server: Callable[..., ServerProcess], tmp_path: Path) -> None:
    server = new_server()
    arguments = ("--from-server", "--kubeconfig", server.kubeconfig, "--output", "out")
    assert refusal(generate(*arguments, cwd=tmp_path)) == "there is no CustomResourceDefinition"
    content = of_spec(size={"type": "integer"})
    status, _ = server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", content)
    assert status == 201
    done = generate(*arguments, "Database", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "crd.yaml").write_bytes(as_yaml(content))
    assert generate("--crd", "crd.yaml", "--output", "out", "--check", cwd=tmp_path).returncode == 0
    other = generate(*arguments, "--context", "missing", cwd=tmp_path)
    assert "missing" in refusal(other)


def test_help_has_examples(tmp_path: Path) -> None:
    done = generate("--help", cwd=tmp_path)
    assert "Example: steersman generate client --crd crds/ --output src/myoperator/clients" in done.stdout
    assert "Example: steersman generate client --from-server" in done.stdout
