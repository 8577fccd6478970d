"""The admission chain with kubectl: looked at, changed while the server serves, kept over restarts."""

import json
from collections.abc import Callable

import pytest
from tests.conformance.kubectl_wheels import WHEELS, old_kubectl
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

from steersman.admission.catalog import DEFAULT

DENIED = "admission control is denying all modifications"
TURN_ON = '{"spec": {"plugins": [{"name": "AlwaysDeny", "enabled": true}]}}'


@pytest.fixture
def kubectl(server: ServerProcess) -> Kubectl:
    return Kubectl(bundled_kubectl(), server)


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each row, by the first; columns are apart by two blanks at least."""
    return {line.split()[0]: line.split() for line in table.splitlines()[1:]}


def create(kubectl: Kubectl, name: str, code: int = 0) -> str:
    return kubectl("create", "configmap", name, code=code)


def test_the_running_chain_is_shown(kubectl: Kubectl) -> None:
    create(kubectl, "a")

    plugins = kubectl("get", "admissionplugins")
    chain = kubectl("get", "chain")

    assert plugins.split("\n")[0].split() == [
        *("NAME", "ORDER", "ENABLED", "PHASES"),
        *("OPERATIONS", "ADMITTED", "REJECTED", "AVERAGE"),
    ]
    first = rows(plugins)["NamespaceLifecycle"]
    assert first[1:5] == ["1", "true", "Mutating", "CREATE,DELETE"]
    assert int(first[5]) > 0
    assert rows(plugins)["AlwaysDeny"] == ["AlwaysDeny", "false", "0", "0"]
    assert chain.split("\n")[0].split() == ["NAME", "PLUGINS", "RESOURCEVERSION", "AGE"]
    assert rows(chain)["default"][1] == str(len(DEFAULT))
    one = json.loads(kubectl("get", "aplugin", "LimitRanger", "-o", "json"))
    assert one["status"]["phases"] == ["Mutating", "Validating"]
    assert "name: LimitRanger\n" in kubectl("get", "admissionplugin/LimitRanger", "-o", "yaml")
    assert "NotFound" in kubectl("get", "admissionplugin", "Nope", code=1)
    assert "phases" in kubectl("describe", "admissionplugin", "LimitRanger").lower()


def test_the_fields_are_explained(kubectl: Kubectl) -> None:
    spec = kubectl("explain", "admissionchain.spec.plugins")

    assert "in the order in which they are" in spec
    assert "enabled\t<boolean>" in spec
    assert "Whether it is asked" in kubectl("explain", "admissionplugin.status.enabled")
    assert "admissionchains" in kubectl("api-resources", "--api-group=admission.steersman.dev")


def by_patch(kubectl: Kubectl, on: bool) -> None:
    wanted = TURN_ON if on else TURN_ON.replace("true", "false")
    kubectl("patch", "admissionchain", "default", "--type=strategic", "-p", wanted)


def by_edit(kubectl: Kubectl, on: bool) -> None:
    if on:
        kubectl.edit("s/^  plugins:$/  plugins:\\n  - name: AlwaysDeny/", "admissionchain", "default")
    else:
        kubectl.edit("/name: AlwaysDeny/s/name: .*/name: AlwaysAdmit/", "admissionchain", "default")


def by_apply(kubectl: Kubectl, on: bool) -> None:
    manifest = applied("NamespaceLifecycle", *(["AlwaysDeny"] if on else []))
    kubectl("apply", "-f", "-", stdin=manifest)


def by_server_side_apply(kubectl: Kubectl, on: bool) -> None:
    manifest = applied(*(["AlwaysDeny"] if on else []))
    kubectl("apply", "--server-side", "--field-manager=me", "-f", "-", stdin=manifest)


def by_replace(kubectl: Kubectl, on: bool) -> None:
    kubectl("replace", "-f", "-", stdin=applied("NamespaceLifecycle", *(["AlwaysDeny"] if on else [])))


def applied(*plugins: str) -> str:
    return json.dumps(
        {
            "apiVersion": "admission.steersman.dev/v1",
            "kind": "AdmissionChain",
            "metadata": {"name": "default"},
            "spec": {"plugins": [{"name": name} for name in plugins]},
        }
    )


@pytest.mark.parametrize("change", [by_patch, by_edit, by_apply, by_server_side_apply, by_replace])
def test_a_plugin_is_turned_on_and_off_while_serving(kubectl: Kubectl, change: Callable[[Kubectl, bool], None]) -> None:
    change(kubectl, True)
    refused = create(kubectl, "while", code=1)
    change(kubectl, False)
    create(kubectl, "after")

    assert DENIED in refused
    enabled, admitted, rejected = rows(kubectl("get", "admissionplugins"))["AlwaysDeny"][1:4]
    assert (enabled, admitted) == ("false", "0")
    # Controllers that come up meanwhile are refused too, as often as they try.
    assert int(rejected) >= 1


def test_a_bad_change_is_refused_with_its_reason(kubectl: Kubectl) -> None:
    bad = '{"spec": {"plugins": [{"name": "EventRateLimit", "configuration": {"limits": [{"type": "Nobody"}]}}]}}'

    refused = kubectl("patch", "chain", "default", "--type=strategic", "-p", bad, code=1)

    assert (
        'The AdmissionChain "default" is invalid: spec.plugins[0].configuration: Invalid value: EventRateLimit: '
        in refused
    )
    assert "limits[0].type: Unsupported value: supported values: Server, Namespace, User, SourceAndObject" in refused
    assert "EventRateLimit" not in kubectl("get", "chain", "default", "-o", "yaml")
    create(kubectl, "a")


def test_an_edited_chain_outlives_a_kill_and_other_flags(server: ServerProcess, kubectl: Kubectl) -> None:
    by_apply(kubectl, True)
    server.kill()
    server.flags = ("--enable-admission-plugins=AlwaysPullImages",)
    server.start()

    assert DENIED in create(kubectl, "a", code=1)
    assert "the admission flags have changed" in (server.directory / "server.log").read_text()

    server.stop()
    server.flags = ("--enable-admission-plugins=AlwaysPullImages", "--reset-admission-chain")
    server.start()
    create(kubectl, "b")
    assert rows(kubectl("get", "admissionplugins"))["AlwaysPullImages"][2] == "true"


def test_deleted_it_comes_again_from_the_flags(kubectl: Kubectl) -> None:
    by_apply(kubectl, True)

    kubectl("delete", "admissionchain", "default")

    create(kubectl, "a")
    kubectl("wait", "--for=create", "admissionchain/default", "--timeout=10s")
    assert rows(kubectl("get", "chain"))["default"][1] == str(len(DEFAULT))


@pytest.mark.parametrize("minor", WHEELS)
def test_older_kubectls_change_it_too(server: ServerProcess, minor: str, request: pytest.FixtureRequest) -> None:
    assert request.config.cache is not None
    kubectl = Kubectl(str(old_kubectl(minor, request.config.cache.mkdir("kubectl"))), server)
    kubectl("apply", "-f", "-", stdin=applied("AlwaysDeny"))

    assert DENIED in create(kubectl, "a", code=1)
    assert rows(kubectl("get", "admissionplugins"))["AlwaysDeny"][1:3] == ["1", "true"]
