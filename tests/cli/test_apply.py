"""Client-side and server-side apply, in turns with kubectl on the same objects."""

import pytest
from tests.cli.commands import Steersman
from tests.cli.manifests import ALL, OTHER, SERVICE, SETTINGS, WEB
from tests.cli.test_write import assert_twins
from tests.cli.twins import say_the_same
from tests.conformance.processes import Kubectl

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Database, plural: databases, singular: database, shortNames: [db]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""

DATABASE = """
apiVersion: example.com/v1
kind: Database
metadata: {name: wp, labels: {a: b, c: d}, annotations: {short: x, lines: "a\\nb"}}
spec: {user: wp, replicaCount: 3, on: true, nested: {podCIDRs: [a, b], apiURL: x, list: [{a: 1}]}, ipv4: z}
"""

CHANGES = {
    "a field": ("replicas: 2", "replicas: 5"),
    "a field that goes": ("  replicas: 2\n", ""),
    "a union": ("type: RollingUpdate", "type: Recreate"),
    "an element that goes": ("      - {name: d, image: busybox}\n", ""),
    "an element that comes": ("      - {name: d,", "      - {name: first, image: busybox}\n      - {name: d,"),
    "a variable that goes": ("{name: A, value: b}, ", ""),
    "a variable that changes": ("{name: B, value: c}", "{name: B, value: changed}"),
    "a list that goes": ("        env: [{name: A, value: b}, {name: B, value: c}]\n", ""),
    "a label": ("metadata: {name: web}", "metadata: {name: web, labels: {x: z}}"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_merged_with_those_of_others(steersman: Steersman, twin: Kubectl, change: str) -> None:
    for one in (steersman, Steersman(twin.server, twin.namespace)):
        one("apply", "-f", "-", stdin=WEB)
        one("label", "deploy", "web", "other=stays")
        one("set", "env", "deploy/web", "EXTRA=1", "-c", "c")
    changed = WEB.replace(*CHANGES[change])
    assert changed != WEB
    say_the_same(steersman, twin, "apply", "-f", "-", stdin=changed)
    assert_twins(steersman, twin)


def test_objects_go_to_and_fro_between_kubectl_and_us(steersman: Steersman, kubectl: Kubectl) -> None:
    created, unchanged = steersman("apply", "-f", "-", stdin=ALL), kubectl("apply", "-f", "-", stdin=SETTINGS)
    assert created.split()[1::2] == ["created"] * 4
    assert unchanged == "configmap/settings unchanged\n"
    kubectl("apply", "-f", "-", stdin=WEB.replace("replicas: 2", "replicas: 3"))
    assert steersman("apply", "-f", "-", stdin=WEB) == "deployment.apps/web configured\n"
    assert steersman("apply", "-f", "-", stdin=ALL).split()[1::2] == ["unchanged"] * 4


def test_an_object_that_was_not_applied_gets_the_annotation(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    done = steersman.run("apply", "-f", "-", stdin=SETTINGS)
    assert done.out == "configmap/settings configured\n"
    assert done.err.startswith(
        "Warning: resource configmaps/settings is missing the kubectl.kubernetes.io/last-applied"
    )
    assert steersman.run("apply", "-f", "-", stdin=SETTINGS) == (0, "configmap/settings unchanged\n", "")


@pytest.mark.parametrize(
    "options", ["", "--dry-run=client", "--dry-run=server", "--server-side", "-o name", "-o json --server-side=false"]
)
def test_what_is_said_of_each_object(steersman: Steersman, twin: Kubectl, options: str) -> None:
    for _ in range(2):
        if "json" in options:
            steersman("apply", "-f", "-", *options.split(), stdin=SETTINGS)
        else:
            say_the_same(
                steersman, twin, "apply", "-f", "-", *options.split(), stdin="---".join((SETTINGS, OTHER, SERVICE))
            )


def test_conflicts_of_server_side_apply(steersman: Steersman) -> None:
    steersman("apply", "-f", "-", "--server-side", "--field-manager=one", stdin=SETTINGS)
    changed = SETTINGS.replace('number: "1"', 'number: "2"')
    done = steersman.run("apply", "-f", "-", "--server-side", "--field-manager=two", stdin=changed)
    assert done.code == 1
    assert 'conflict with "one"' in done.err
    forced = steersman("apply", "-f", "-", "--server-side", "--field-manager=two", "--force-conflicts", stdin=changed)
    assert forced == "configmap/settings serverside-applied\n"


def test_custom_resources_merge_as_json(steersman: Steersman, twin: Kubectl) -> None:
    twin("apply", "-f", "-", stdin=DEFINITION)
    twin("wait", "--for=condition=Established", "crd/databases.example.com")
    for one in (steersman, twin):
        one("apply", "-f", "-", stdin=DATABASE)
        one("label", "db", "wp", "other=stays")
    changed = DATABASE.replace("c: d", "e: f").replace("[a, b]", "[b]").replace("on: true, ", "")
    say_the_same(steersman, twin, "apply", "-f", "-", stdin=changed)
    say_the_same(steersman, twin, "get", "db", "wp", "-o", "jsonpath={.spec}{.metadata.labels}")
    assert_described_alike(steersman, twin)


def assert_described_alike(steersman: Steersman, twin: Kubectl) -> None:
    own = ("Namespace:", "Creation Timestamp:", "Resource Version:", "UID:")
    ours, theirs = (
        [line for line in one("describe", "db", "wp").splitlines() if not line.strip().startswith(own)]
        for one in (steersman, twin)
    )
    assert ours == theirs


def test_unknown_kinds_and_files(steersman: Steersman, twin: Kubectl) -> None:
    unknown = "apiVersion: nonsense/v1\nkind: Nothing\nmetadata: {name: x}\n"
    done = steersman.run("apply", "-f", "-", stdin=unknown)
    assert done.code == 1
    assert done.err == twin("apply", "-f", "-", stdin=unknown, code=1)
    assert steersman.run("apply", "-f", "/nonexistent") == (2, "", 'error: the path "/nonexistent" does not exist\n')
    assert steersman.run("apply").code == 2


def test_one_failure_leaves_the_others(steersman: Steersman) -> None:
    wrong = WEB.replace("metadata: {name: web}", "metadata: {name: web, labels: {x: '%'}}")
    done = steersman.run("apply", "-f", "-", stdin=f"{wrong}\n---{SETTINGS}")
    assert (done.code, done.out) == (1, "configmap/settings created\n")
    assert done.err.startswith('The Deployment "web" is invalid: metadata.labels: Invalid value: "%"')


def test_what_was_applied_last_is_shown_edited_and_set(steersman: Steersman, kubectl: Kubectl) -> None:
    steersman("apply", "-f", "-", stdin=SETTINGS)
    for output in ("yaml", "json"):
        args = ("apply", "view-last-applied", "cm/settings", "-o", output)
        assert steersman(*args) == kubectl(*args)
    done = steersman.edit("s/html: .*/html: edited/", "apply", "edit-last-applied", "cm", "settings")
    assert done == (0, "configmap/settings edited\n", "")
    shown = steersman("apply", "view-last-applied", "cm", "settings")
    assert "html: edited" in shown
    assert steersman("get", "cm", "settings", "-o", "jsonpath={.data.html}") == "x<y&z"
    assert steersman("apply", "set-last-applied", "-f", "-", stdin=SETTINGS) == "configmap/settings configured\n"
    assert "html: x<y&z" in steersman("apply", "view-last-applied", "cm", "settings")


def test_without_annotation_there_is_nothing_to_show(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS)
    done = steersman.run("apply", "view-last-applied", "cm", "settings")
    assert (done.code, done.err) == (
        1,
        "error: no last-applied-configuration annotation found on resource: settings\n",
    )
    assert steersman.run("apply", "set-last-applied", "-f", "-", stdin=SETTINGS).code == 1
    steersman("apply", "set-last-applied", "-f", "-", "--create-annotation", stdin=SETTINGS)
    assert steersman("apply", "-f", "-", stdin=SETTINGS) == "configmap/settings unchanged\n"
