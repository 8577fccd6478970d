"""The plugin of another package: installed as its README says, enabled by name, and met through kubectl."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conformance.conftest import new_server as new_server
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

EXAMPLE = Path(__file__).parents[2] / "examples" / "password_policy"
ENABLED = "--enable-admission-plugins=PasswordPolicy"
CONFIGURED = f"--admission-control-config-file={EXAMPLE / 'admission.yaml'}"
REFUSAL = 'secrets "db" is forbidden: data[password]: Invalid value: "<secret contents redacted>": must have at least'

Start = Callable[..., ServerProcess]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a process that has the package installed, beside all that we have."""
    target = tmp_path_factory.mktemp("installed")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Nothing is downloaded: what the package needs is here already.
    install += ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(target), str(EXAMPLE)]
    subprocess.run(install, check=True)
    paths = [str(target), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture
def installed(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])


def refusal(tmp_path: Path, *flags: str) -> str:
    """What ``steersman serve`` says on standard error when it does not start: exit code 2, and one line."""
    command = [sys.executable, "-m", "steersman", "serve", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    return done.stderr


def test_its_own_tests_pass(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("installed")
def test_kubectl_meets_it_as_the_readme_says(new_server: Start) -> None:
    server = new_server(ENABLED, CONFIGURED)
    session = re.findall(r"^\$ (kubectl .*)\n(.*)$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    assert len(session) == 2

    for command, said in session:
        _, *arguments = shlex.split(command)
        assert Kubectl(bundled_kubectl(), server)(*arguments, code=int(said.startswith("error: "))) == f"{said}\n"


@pytest.mark.usefixtures("installed")
def test_without_configuration_twelve_bytes_are_enough_now_and_later(new_server: Start) -> None:
    kubectl = Kubectl(bundled_kubectl(), new_server(ENABLED))
    db = ("create", "secret", "generic", "db")

    assert f"{REFUSAL} 12 bytes" in kubectl(*db, "--from-literal=password=hunter2", code=1)
    kubectl(*db, "--from-literal=password=horse-battery", "--from-literal=passphrase=x")
    shorter = ("patch", "secret", "db", "--patch", '{"stringData": {"password": "hunter2"}}')
    assert f"{REFUSAL} 12 bytes" in kubectl(*shorter, code=1)
    kubectl("label", "secret", "db", "app=db")


@pytest.mark.usefixtures("installed")
def test_it_leaves_a_chain_alone_that_does_not_name_it(new_server: Start) -> None:
    kubectl = Kubectl(bundled_kubectl(), new_server())

    kubectl("create", "secret", "generic", "db", "--from-literal=password=hunter2")


def test_a_server_that_does_not_have_it_says_which_plugins_there_are(tmp_path: Path) -> None:
    said = refusal(tmp_path, ENABLED)

    assert said.startswith(
        'steersman: enable-admission-plugins: plugin "PasswordPolicy" is unknown; there are AlwaysAdmit, '
    )
    assert said.endswith("AlwaysDeny\n")


@pytest.mark.usefixtures("installed")
def test_a_server_that_has_it_lists_it_among_the_plugins(tmp_path: Path) -> None:
    assert refusal(tmp_path, "--enable-admission-plugins=PaswordPolicy").endswith("AlwaysDeny, PasswordPolicy\n")


@pytest.mark.usefixtures("installed")
def test_a_configuration_that_is_wrong_keeps_the_server_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "admission.yaml"
    file.write_text((EXAMPLE / "admission.yaml").read_text().replace("16", "none"))

    said = refusal(tmp_path, ENABLED, f"--admission-control-config-file={file}")

    least = "minLength: must be a whole number of at least 1"
    assert said == f'steersman: admission plugin "PasswordPolicy" is not configured: {least}\n'


BROKEN = """
raise_at_import = {at_import}
if raise_at_import:
    raise RuntimeError("no\\nway")


class Unmade:
    @classmethod
    def create(cls, context, configuration):
        raise KeyError("minLength")


class Unnamed:
    @classmethod
    def create(cls, context, configuration):
        return cls()


class Idle(Unnamed):
    name, operations, resources = "Broken", frozenset(("CREATE",)), None
"""


@pytest.mark.parametrize(
    ("values", "at_import", "message"),
    [
        (["missing:A"], False, "\"Broken\" cannot be loaded from missing:A: No module named 'missing'"),
        (["broken:A"], False, "\"Broken\" cannot be loaded from broken:A: module 'broken' has no attribute 'A'"),
        (["broken:Idle"], True, '"Broken" cannot be loaded from broken:Idle: no way'),
        (["broken:raise_at_import"], False, '"Broken" cannot be made: broken:raise_at_import has no method create'),
        (["broken:Unmade"], False, "\"Broken\" cannot be made: KeyError: 'minLength'"),
        (["broken:Unnamed"], False, '"Broken" cannot be made: it has no name, operations, resources'),
        (["broken:Idle"], False, "Broken has neither admit nor validate"),
        (["broken:Idle", "other:Idle"], False, '"Broken" is brought by several packages: broken:Idle, other:Idle'),
    ],
    ids=["no module", "no class", "import", "no factory", "raises when made", "no plugin", "no phase", "twice"],
)
def test_a_plugin_that_is_broken_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list[str], at_import: bool, message: str
) -> None:
    (tmp_path / "broken.py").write_text(BROKEN.format(at_import=at_import))
    for number, value in enumerate(values):
        information = tmp_path / f"broken{number}-1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: broken{number}\nVersion: 1\n")
        (information / "entry_points.txt").write_text(f"[steersman.admission]\nBroken = {value}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)

    said = refusal(tmp_path / "state", "--enable-admission-plugins=Broken")

    assert said == f"steersman: admission plugin {message}\n"
