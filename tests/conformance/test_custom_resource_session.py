"""The first whole path, as a new user types it: a custom resource with a real, unmodified kubectl."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

CRD = "databases.example.com"
NAMES = {"kind": "Database", "listKind": "DatabaseList", "plural": "databases", "singular": "database"}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["user"],
            "properties": {
                "user": {"type": "string"},
                "password": {"type": "string"},
                "encoding": {"type": "string"},
            },
        },
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    },
}
V1 = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": CRD},
    "spec": {
        "group": "example.com",
        "names": NAMES,
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
    },
}
V1BETA1 = {
    "apiVersion": "apiextensions.k8s.io/v1beta1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": CRD},
    "spec": {"group": "example.com", "names": NAMES, "scope": "Namespaced", "version": "v1"},
}


def database(name: str, **spec: str) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Database",
        "metadata": {"name": name},
        "spec": {"user": "wp", "password": "secret", "encoding": "unicode"} | spec,
    }


def conditions(crd: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["type"]: (one["status"], one["reason"]) for one in crd["status"]["conditions"]}


def establish(kubectl: Kubectl, crd: dict[str, Any]) -> None:
    kubectl("create", "-f", "-", stdin=json.dumps(crd))
    kubectl("wait", "--for=condition=Established", f"crd/{CRD}", "--timeout=10s")


@pytest.fixture(scope="module")
def established(shared_server: ServerProcess) -> None:
    """The CRD, for all tests of this module that leave it as it is."""
    establish(Kubectl(bundled_kubectl(), shared_server), V1)


@pytest.fixture
def ready(established: None, kubectl: Kubectl) -> Kubectl:
    """kubectl, the CRD established and one Database named wordpress in a namespace of the test."""
    kubectl("create", "-f", "-", stdin=json.dumps(database("wordpress")))
    return kubectl


@pytest.fixture
def alone(server: ServerProcess) -> Kubectl:
    """As ``ready``, on a server of the test's own."""
    kubectl = Kubectl(bundled_kubectl(), server)
    establish(kubectl, V1)
    kubectl("create", "-f", "-", stdin=json.dumps(database("wordpress")))
    return kubectl


def test_crd_is_named_and_established(established: None, kubectl: Kubectl) -> None:
    crd = json.loads(kubectl("get", "crd", CRD, "-o", "json"))
    assert conditions(crd) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert crd["status"]["acceptedNames"] == NAMES
    assert "NamesAccepted" in kubectl("get", "crd", CRD, "-o", "yaml")


def test_crd_in_the_v1beta1_form(new_server: Callable[..., ServerProcess]) -> None:
    server = new_server("--runtime-config=apiextensions.k8s.io/v1beta1=true")
    kubectl = Kubectl(bundled_kubectl(), server)
    establish(kubectl, V1BETA1)
    _, crd = server.request("GET", f"/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions/{CRD}")
    assert crd["spec"]["version"] == "v1"
    assert conditions(crd) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    kubectl("create", "-f", "-", stdin=json.dumps(database("wordpress", anything="goes")))
    assert kubectl("get", "database", "wordpress", "-o", "jsonpath={.spec.anything}") == "goes"


def test_group_is_discovered_with_its_preferred_version(established: None, kubectl: Kubectl) -> None:
    group = json.loads(kubectl("get", "--raw", "/apis/example.com"))
    version = {"groupVersion": "example.com/v1", "version": "v1"}
    assert group["kind"] == "APIGroup"
    assert group["versions"] == [version]
    assert group["preferredVersion"] == version
    listed = kubectl("api-resources", "--api-group=example.com", "--no-headers").split()
    assert listed == ["databases", "example.com/v1", "true", "Database"]


def test_instances_are_listed_by_name_and_by_url(ready: Kubectl) -> None:
    assert ready("get", CRD, "-o", "name").split() == ["database.example.com/wordpress"]
    assert ready("get", "databases", "--no-headers").split()[0] == "wordpress"
    listed = json.loads(ready("get", "--raw", f"/apis/example.com/v1/namespaces/{ready.namespace}/databases"))
    assert (listed["kind"], listed["apiVersion"]) == ("DatabaseList", "example.com/v1")
    assert int(listed["metadata"]["resourceVersion"]) > 0
    assert [one["spec"]["user"] for one in listed["items"]] == ["wp"]


def test_raw_watch_on_the_named_path_sees_the_deletion(ready: Kubectl) -> None:
    version = ready("get", "database", "wordpress", "-o", "jsonpath={.metadata.resourceVersion}")
    path = f"/apis/example.com/v1/namespaces/{ready.namespace}/databases/wordpress"
    watch = ready.start("get", "--raw", f"{path}?watch=true&resourceVersion={version}&timeoutSeconds=20")
    ready("delete", "database", "wordpress")
    assert watch.stdout is not None
    event = json.loads(watch.stdout.readline())
    watch.kill()
    watch.communicate()
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["name"] == "wordpress"
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(version)


def test_apply_edit_patch_label_annotate_replace(ready: Kubectl) -> None:
    def get(path: str) -> str:
        return ready("get", "database", "blog", "-o", f"jsonpath={{{path}}}")

    ready("apply", "-f", "-", stdin=json.dumps(database("blog")))
    ready("apply", "-f", "-", stdin=json.dumps(database("blog", encoding="latin1")))
    assert get(".spec.encoding") == "latin1"
    ready.edit("s/latin1/utf8/", "database", "blog")
    assert get(".spec.encoding") == "utf8"
    ready("patch", "database", "blog", "--type=merge", "-p", '{"spec":{"user":"merged"}}')
    assert get(".spec.user") == "merged"
    patch = '[{"op":"replace","path":"/spec/user","value":"patched"}]'
    ready("patch", "database", "blog", "--type=json", "-p", patch)
    assert get(".spec.user") == "patched"
    ready("label", "database", "blog", "tier=front")
    ready("annotate", "database", "blog", "owner=me")
    assert get(".metadata.labels.tier") == "front"
    assert get(".metadata.annotations.owner") == "me"
    assert ready("get", "databases", "-l", "tier=front", "-o", "name").split() == ["database.example.com/blog"]
    shown = json.loads(ready("get", "database", "blog", "-o", "json"))
    shown["spec"]["user"] = "replaced"
    ready("replace", "-f", "-", stdin=json.dumps(shown))
    assert get(".spec.user") == "replaced"
    stale = ready("replace", "-f", "-", stdin=json.dumps(shown), code=1)
    assert "the object has been modified" in stale


def test_wait_for_jsonpath(ready: Kubectl) -> None:
    waiting = ready.start("wait", "--for=jsonpath={.spec.user}=done", "database/wordpress", "--timeout=20s")
    ready("patch", "database", "wordpress", "--type=merge", "-p", '{"spec":{"user":"done"}}')
    output, _ = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, output
    assert "condition met" in output


def test_explain_knows_the_schema(ready: Kubectl) -> None:
    assert "encoding" in ready("explain", "database.spec")
    assert "<string>" in ready("explain", "database.spec.user")


def test_get_watch_prints_changes(ready: Kubectl) -> None:
    watch = ready.start("get", "databases", "-w", "--output-watch-events", "--no-headers")
    assert watch.stdout is not None
    stop = threading.Timer(30, watch.kill)
    stop.start()
    lines = iter(watch.stdout.readline, "")
    next(line for line in lines if "wordpress" in line)
    ready("create", "-f", "-", stdin=json.dumps(database("second")))
    assert next(line for line in lines if "second" in line).split()[:2] == ["ADDED", "second"]
    ready("delete", "database", "second")
    assert next(line for line in lines if "second" in line).split()[:2] == ["DELETED", "second"]
    stop.cancel()
    watch.kill()
    watch.communicate()


def test_delete_all_instances(ready: Kubectl) -> None:
    ready("create", "-f", "-", stdin=json.dumps(database("second")))
    ready("delete", "databases", "--all")
    assert ready("get", "databases", "-o", "name") == ""


def test_what_does_not_fit_the_schema_is_refused(ready: Kubectl) -> None:
    body = database("bad")
    body["spec"]["user"] = 3
    refused = ready("create", "--validate=false", "-f", "-", stdin=json.dumps(body), code=1)
    assert 'spec.user: Invalid value: "integer": spec.user in body must be of type string' in refused
    del body["spec"]["user"]
    assert "spec.user: Required value" in ready("create", "--validate=false", "-f", "-", stdin=json.dumps(body), code=1)
    unknown = ready("create", "-f", "-", stdin=json.dumps(database("bad", nonsense="1")), code=1)
    assert 'unknown field "spec.nonsense"' in unknown


def test_deleting_the_crd_removes_its_instances(alone: Kubectl) -> None:
    alone("delete", "crd", CRD, "--timeout=20s")
    assert alone.server.request("GET", "/apis/example.com")[0] == 404
    alone.forget_discovery()
    assert "the server doesn't have a resource type" in alone("get", "databases", code=1)
    establish(alone, V1)
    assert alone("get", "databases", "-o", "name") == ""


def test_everything_survives_kill_9(alone: Kubectl) -> None:
    before = alone("get", "crd,databases,namespaces", "-A", "-o", "json")
    alone.server.kill()
    alone.server.start()
    assert alone("get", "crd,databases,namespaces", "-A", "-o", "json") == before
    alone("patch", "database", "wordpress", "--type=merge", "-p", '{"spec":{"user":"after"}}')
    assert alone("get", "database", "wordpress", "-o", "jsonpath={.spec.user}") == "after"


def test_the_session_with_another_kubectl(other_kubectl: Kubectl) -> None:
    kubectl = other_kubectl

    def get(path: str) -> str:
        return kubectl("get", "database", "wordpress", "-o", f"jsonpath={{{path}}}")

    establish(kubectl, V1)
    assert kubectl("api-resources", "--api-group=example.com", "-o", "name").split() == [CRD]
    kubectl("create", "-f", "-", stdin=json.dumps(database("wordpress")))
    assert kubectl("get", CRD, "--no-headers").split()[0] == "wordpress"
    kubectl("apply", "-f", "-", stdin=json.dumps(database("blog")))
    kubectl("apply", "-f", "-", stdin=json.dumps(database("blog", encoding="latin1")))
    assert kubectl("get", "database", "blog", "-o", "jsonpath={.spec.encoding}") == "latin1"
    kubectl.edit("s/unicode/utf8/", "database", "wordpress")
    assert get(".spec.encoding") == "utf8"
    kubectl("patch", "database", "wordpress", "--type=merge", "-p", '{"spec":{"user":"merged"}}')
    kubectl("label", "database", "wordpress", "tier=front")
    assert (get(".spec.user"), get(".metadata.labels.tier")) == ("merged", "front")
    assert "encoding" in kubectl("explain", "database.spec")
    unknown = kubectl("create", "-f", "-", stdin=json.dumps(database("bad", nonsense="1")), code=1)
    assert "nonsense" in unknown
    kubectl("delete", "databases", "--all")
    kubectl("delete", "crd", CRD)
    kubectl.forget_discovery()
    assert "the server doesn't have a resource type" in kubectl("get", "databases", code=1)
