"""Commands that write, next to kubectl in a twin namespace: what they say, and what is there afterwards."""

from typing import Any

import pytest
from tests.cli.commands import Steersman
from tests.cli.manifests import ALL, SETTINGS, WEB
from tests.cli.twins import HERE, say_the_same
from tests.conformance.processes import Kubectl

LABELS = [
    "label cm settings new=1",
    "label cm settings app=web",
    "label cm settings app=other",
    "label cm settings app=other --overwrite",
    "label cm settings app- missing-",
    "label cm settings app- more=2",
    "label cm/settings deploy/web a=b",
    "label cm --all all=b",
    "label cm -l all=b b=1",
    "label cm missing a=b",
    "label deploy web a=b --dry-run=client",
    "label deploy web a=b --dry-run=server",
    "label cm settings a=b --overwrite=false -o name",
]

ANNOTATIONS = [
    "annotate cm settings note=x",
    "annotate cm settings note-",
    "annotate deploy --all a=b c=d",
    "annotate cm settings note-",
    "annotate cm settings app=1",
    "annotate cm settings app=2",
]

CONTAINERS = [
    "set image deploy/web c=nginx:2",
    "set image deploy/web *=nginx:2",
    "set image deploy/web nothing=nginx:2",
    "set env deploy/web A=x NEW=1",
    "set env deploy/web A- -c c",
    "set env deploy/web --list",
    "set env deploy --all NEW=1 --dry-run=server",
]


@pytest.mark.parametrize("commands", [LABELS, ANNOTATIONS, CONTAINERS], ids=["label", "annotate", "set"])
def test_changes_one_after_the_other(steersman: Steersman, twin: Kubectl, commands: list[str]) -> None:
    for one in (steersman, twin):
        one("apply", "-f", "-", stdin=ALL)
    for command in commands:
        say_the_same(steersman, twin, *command.split())
    assert_twins(steersman, twin)


def assert_twins(steersman: Steersman, twin: Kubectl) -> None:
    """The objects of both namespaces are the same, but for what the server gives each."""
    ours, theirs = (
        one("get", "cm,deploy", "-o", "yaml").replace(one.namespace, HERE).splitlines() for one in (steersman, twin)
    )
    own = ("creationTimestamp:", "resourceVersion:", "uid:")
    assert [line for line in ours if not line.strip().startswith(own)] == [
        line for line in theirs if not line.strip().startswith(own)
    ]


DELETES = [
    "delete cm missing",
    "delete cm missing --ignore-not-found",
    "delete cm settings --dry-run=client",
    "delete cm settings --dry-run=server",
    "delete cm -l app=nothing",
    "delete ns missing",
    "delete cm settings missing",
    "delete cm,deploy -l app=web --wait=false -o name",
    "delete deploy/web svc/web --cascade=orphan --grace-period=0",
    "delete cm --all",
]


def test_deletions_one_after_the_other(steersman: Steersman, twin: Kubectl) -> None:
    for one in (steersman, twin):
        one("apply", "-f", "-", stdin=ALL)
    for command in DELETES:
        say_the_same(steersman, twin, *command.split())
        assert steersman("get", "cm,deploy", "-o", "name") == twin("get", "cm,deploy", "-o", "name")


def test_a_type_alone_is_not_deleted(steersman: Steersman) -> None:
    assert steersman.run("delete", "cm") == (
        2,
        "",
        "error: resource(s) were provided, but no name was specified\n",
    )


def test_delete_waits_for_finalizers(steersman: Steersman) -> None:
    steersman("create", "-f", "-", stdin=SETTINGS.replace("name: settings", "name: settings\n  finalizers: [a.b/c]"))
    done = steersman.run("delete", "cm", "settings", "--timeout=0.2")
    assert (done.code, done.err) == (1, "error: timed out waiting for the objects to be gone\n")
    assert steersman("delete", "cm", "settings", "--no-wait").startswith('configmap "settings" deleted')


CREATES = [
    "create configmap made --from-literal=a=b --from-literal=c=",
    "create cm made",
    "create secret generic made --from-literal=password=xyzzy --type=example.com/login",
    "create deployment made --image=registry.example/team/nginx:1.2",
    "create deployment made --image=nginx:1.2 --port=80 -r 3",
    "create deployment made --image=nginx --image=busybox:2",
    "create serviceaccount made",
]


def test_what_is_created(steersman: Steersman, twin: Kubectl) -> None:
    for position, command in enumerate(CREATES):
        say_the_same(steersman, twin, *command.split(), "--dry-run=client", "-o", "yaml")
        say_the_same(steersman, twin, *command.replace("made", f"made{position}").split())


def test_what_is_created_of_files(steersman: Steersman, twin: Kubectl, tmp_path: Any) -> None:
    (tmp_path / "text").write_text("one\ntwo\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    files = [f"--from-file={tmp_path}/text", f"--from-file=key={tmp_path}/bytes"]
    for command in (["configmap", "made"], ["secret", "generic", "made"]):
        say_the_same(steersman, twin, "create", *command, *files, "--dry-run=client", "-o", "yaml")


@pytest.mark.parametrize("manifest", [WEB, SETTINGS.replace("data:", "dta:"), "a: 1\n"])
def test_manifests_are_created_or_refused(steersman: Steersman, twin: Kubectl, manifest: str, tmp_path: Any) -> None:
    (tmp_path / "manifest.yaml").write_text(manifest)
    ours = steersman.run("create", "-f", str(tmp_path / "manifest.yaml"))
    theirs = twin("create", "-f", str(tmp_path / "manifest.yaml"), code=min(ours.code, 1))
    if ours.code < 2:
        assert ours.out + ours.err == theirs


def test_the_server_makes_names(steersman: Steersman, twin: Kubectl) -> None:
    manifest = SETTINGS.replace("name:", "generateName:")
    prefix = ("-o", "jsonpath={.metadata.generateName}")
    say_the_same(steersman, twin, "create", "-f", "-", *prefix, stdin=manifest)
    say_the_same(steersman, twin, "create", "-f", "-", "--dry-run=client", stdin=manifest)


def test_a_namespace_may_stand_anywhere(steersman: Steersman, twin: Kubectl) -> None:
    steersman("create", "-n", twin.namespace, "configmap", "one")
    steersman("create", "configmap", "two", "-n", twin.namespace)
    steersman("create", "--dry-run=client", "configmap", "three", f"--namespace={twin.namespace}")
    assert twin("get", "cm", "-o", "name").split()[-2:] == ["configmap/one", "configmap/two"]


def test_a_namespace_that_is_not_the_manifests(steersman: Steersman) -> None:
    done = steersman.run("create", "-f", "-", stdin=SETTINGS.replace("name: settings", "name: x\n  namespace: other"))
    assert done.code == 2
    assert "does not match the namespace" in done.err
