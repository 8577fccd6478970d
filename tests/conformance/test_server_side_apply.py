"""``kubectl apply --server-side``: what its users do, and see."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.kubectl_wheels import WHEELS, old_kubectl
from tests.conformance.processes import Kubectl, ServerProcess

LABELS = {"app": "web"}
Object = dict[str, Any]


def deployment(image: str = "nginx:1", replicas: int | None = 2, **labels: str) -> str:
    pod = {"containers": [{"name": "web", "image": image, "ports": [{"containerPort": 80}]}]}
    spec: Object = {"selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": pod}}
    if replicas is not None:
        spec["replicas"] = replicas
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "labels": {**LABELS, **labels}},
            "spec": spec,
        }
    )


def config_map(**data: str) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, **({"data": data} if data else {})}
    )


def found(kubectl: Kubectl, what: str) -> Object:
    answer: Object = json.loads(kubectl("get", what, "-o", "json", "--show-managed-fields"))
    return answer


def managers(obj: Object) -> set[tuple[str, str]]:
    return {(one["manager"], one["operation"]) for one in obj["metadata"].get("managedFields", [])}


def apply(kubectl: Kubectl, manifest: str, *flags: str, code: int = 0) -> str:
    return kubectl("apply", "--server-side", "-f", "-", *flags, stdin=manifest, code=code)


def test_apply_twice(kubectl: Kubectl) -> None:
    assert apply(kubectl, deployment()) == "deployment.apps/web serverside-applied\n"
    made = found(kubectl, "deployment/web")
    assert managers(made) == {("kubectl", "Apply")}
    assert apply(kubectl, deployment()) == "deployment.apps/web serverside-applied\n"
    assert found(kubectl, "deployment/web") == made


def test_show_managed_fields(kubectl: Kubectl) -> None:
    apply(kubectl, deployment())
    assert "managedFields" not in kubectl("get", "deployment", "web", "-o", "yaml")
    shown = kubectl("get", "deployment", "web", "-o", "yaml", "--show-managed-fields")
    assert """k:{"containerPort":80,"protocol":"TCP"}""" in shown


def test_a_conflict_is_shown_and_can_be_forced(kubectl: Kubectl) -> None:
    apply(kubectl, deployment())
    kubectl("scale", "deployment/web", "--replicas=5")
    refused = apply(kubectl, deployment(), code=1)
    assert (
        'error: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: '
        ".spec.replicas\nPlease review the fields above--they currently have other managers."
    ) in refused
    apply(kubectl, deployment(), "--force-conflicts")
    assert found(kubectl, "deployment/web")["spec"]["replicas"] == 2


def test_managers_share_an_object(kubectl: Kubectl) -> None:
    apply(kubectl, config_map(x="1"), "--field-manager=one")
    apply(kubectl, config_map(y="2"), "--field-manager=two")
    refused = apply(kubectl, config_map(x="2", y="3"), "--field-manager=three", code=1)
    assert (
        'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\nconflicts with "two":\n- .data.y' in refused
    )
    apply(kubectl, config_map(), "--field-manager=one")
    left = found(kubectl, "configmap/settings")
    assert (left["data"], managers(left)) == ({"y": "2"}, {("two", "Apply")})


def test_fields_are_given_up_by_leaving_them_out(kubectl: Kubectl) -> None:
    apply(kubectl, deployment(tier="front"))
    kubectl("autoscale", "deployment", "web", "--max=5")
    kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"replicas":4}}', "--field-manager=hpa")
    apply(kubectl, deployment(replicas=None))
    left = found(kubectl, "deployment/web")
    assert (left["spec"]["replicas"], left["metadata"]["labels"]) == (4, LABELS)


@pytest.mark.parametrize("changed", ["nginx:1", "nginx:2"])
def test_migration_from_client_side_apply(kubectl: Kubectl, changed: str) -> None:
    kubectl("apply", "-f", "-", stdin=deployment(tier="front"))
    kubectl("label", "deployment", "web", "owner=me")
    assert "Warning" not in apply(kubectl, deployment(image=changed))
    moved = found(kubectl, "deployment/web")
    assert moved["metadata"]["labels"] == {**LABELS, "owner": "me"}
    assert moved["spec"]["template"]["spec"]["containers"][0]["image"] == changed
    assert {("kubectl", "Apply"), ("kubectl-last-applied", "Apply")} <= managers(moved)
    assert not {name for name, _ in managers(moved)} & {"kubectl-client-side-apply"}
    assert "configured" in kubectl("apply", "-f", "-", stdin=deployment(image="nginx:3"))


def test_diff_shows_what_apply_would_change(kubectl: Kubectl) -> None:
    apply(kubectl, deployment())
    assert kubectl("diff", "--server-side", "-f", "-", stdin=deployment()) == ""
    changed = kubectl("diff", "--server-side", "-f", "-", stdin=deployment(image="nginx:2"), code=1)
    assert "-      - image: nginx:1" in changed
    assert "+      - image: nginx:2" in changed
    assert found(kubectl, "deployment/web")["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1"


def test_dry_run(kubectl: Kubectl) -> None:
    assert "serverside-applied (server dry run)" in apply(kubectl, config_map(x="1"), "--dry-run=server")
    assert "NotFound" in kubectl("get", "configmap", "settings", code=1)


def test_a_field_that_the_schema_does_not_have(kubectl: Kubectl) -> None:
    manifest = config_map(x="1").replace('"data"', '"date"')
    assert apply(kubectl, manifest, code=1) == (
        f"Error from server: failed to create typed patch object ({kubectl.namespace}/settings; /v1, Kind=ConfigMap): "
        ".date: field not declared in schema\n"
    )


def test_edits_of_an_applied_object_are_tracked(kubectl: Kubectl) -> None:
    apply(kubectl, deployment())
    kubectl.edit("s/nginx:1/nginx:7/", "deployment", "web")
    kubectl("set", "env", "deployment/web", "MODE=fast")
    assert {("kubectl-edit", "Update"), ("kubectl-set", "Update")} <= managers(found(kubectl, "deployment/web"))


def test_apply_through_status(kubectl: Kubectl) -> None:
    apply(kubectl, deployment())
    status = json.loads(deployment())
    status["status"] = {"replicas": 3}
    apply(kubectl, json.dumps(status), "--subresource=status", "--field-manager=controller")
    assert found(kubectl, "deployment/web")["status"] == {"replicas": 3}


def test_custom_resource_definitions_and_their_objects(kubectl: Kubectl) -> None:
    group = f"{kubectl.namespace}.example.com"
    spec = {"type": "object", "properties": {"size": {"type": "integer"}, "colour": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"toys.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": "Toy", "plural": "toys"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }

    def toy(**fields: Any) -> str:
        return json.dumps({"apiVersion": f"{group}/v1", "kind": "Toy", "metadata": {"name": "a"}, "spec": fields})

    apply(kubectl, json.dumps(definition))
    kubectl("wait", "--for=condition=Established", f"crd/toys.{group}")
    apply(kubectl, toy(size=1), "--field-manager=one")
    apply(kubectl, toy(colour="red"), "--field-manager=two")
    assert found(kubectl, f"toys.{group}/a")["spec"] == {"size": 1, "colour": "red"}
    assert 'conflict with "one": .spec.size' in apply(kubectl, toy(size=2), "--field-manager=two", code=1)


@pytest.mark.parametrize("minor", WHEELS)
def test_an_older_kubectl_with_a_server_of_its_minor(
    minor: str, new_server: Callable[..., ServerProcess], pytestconfig: pytest.Config
) -> None:
    server = new_server(f"--emulated-version={minor}", "--store=memory:")
    assert pytestconfig.cache is not None
    kubectl = Kubectl(str(old_kubectl(minor, pytestconfig.cache.mkdir("kubectl"))), server)
    kubectl("apply", "-f", "-", stdin=deployment(tier="front"))
    kubectl("label", "deployment", "web", "owner=me")
    apply(kubectl, deployment(image="nginx:2"))
    assert 'conflict with "kubectl"' in apply(kubectl, deployment(image="nginx:3"), "--field-manager=other", code=1)
    moved = json.loads(kubectl("get", "deployment/web", "-o", "json"))
    assert moved["metadata"]["labels"]["owner"] == "me"
    assert moved["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:2"
