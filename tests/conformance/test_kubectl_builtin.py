"""What users do with kubectl on built-in kinds: each test one subject, in a namespace of its own."""

import json
import re
import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.kubectl_wheels import WHEELS, old_kubectl
from tests.conformance.processes import ROOT_CA, Kubectl, ServerProcess

LABELS = {"app": "web"}
OF_TESTS = f"--field-selector=metadata.name!={ROOT_CA}"
"""Without the ConfigMap that the server keeps in each namespace."""


def deployment(name: str = "web", image: str = "nginx:1", replicas: int = 2) -> str:
    pod = {"containers": [{"name": "web", "image": image, "ports": [{"containerPort": 80}]}]}
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": LABELS},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": LABELS},
                "template": {"metadata": {"labels": LABELS}, "spec": pod},
            },
        }
    )


def replica_set(revision: int, owner: dict[str, Any]) -> str:
    """What the Deployment controller would have made of the Deployment's revision."""
    labels = {**LABELS, "pod-template-hash": str(revision)}
    reference = {key: owner["metadata"][key] for key in ("name", "uid")}
    return json.dumps(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"web-{revision}",
                "labels": labels,
                "annotations": {"deployment.kubernetes.io/revision": str(revision)},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "controller": True, **reference}],
            },
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "web", "image": f"nginx:{revision}"}]},
                },
            },
        }
    )


def config_map(name: str, **data: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def jsonpath(kubectl: Kubectl, what: str, path: str) -> str:
    return kubectl("get", what, "-o", f"jsonpath={{{path}}}")


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """kubectl, and one Deployment named web."""
    kubectl("create", "-f", "-", stdin=deployment())
    return kubectl


def test_create_get_and_create_again(web: Kubectl) -> None:
    assert jsonpath(web, "deployment/web", ".spec.template.spec.containers[0].image") == "nginx:1"
    assert web("get", "deploy,rs", "-l", "app=web", "-o", "name").split() == ["deployment.apps/web"]
    again = web("create", "-f", "-", stdin=deployment(), code=1)
    assert "Error from server (AlreadyExists)" in again
    assert 'deployments.apps "web" already exists' in again


def test_apply_changes_only_what_it_owns(kubectl: Kubectl) -> None:
    assert "created" in kubectl("apply", "-f", "-", stdin=deployment())
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=deployment())
    kubectl("scale", "deployment/web", "--replicas=9")
    kubectl("annotate", "deployment/web", "of=others")
    assert "configured" in kubectl("apply", "-f", "-", stdin=deployment(image="nginx:2", replicas=2))
    assert jsonpath(kubectl, "deployment/web", ".metadata.annotations.of") == "others"
    assert jsonpath(kubectl, "deployment/web", ".spec.template.spec.containers[*].image") == "nginx:2"
    assert jsonpath(kubectl, "deployment/web", ".spec.replicas") == "2"


def test_edit(web: Kubectl) -> None:
    web.edit("s/nginx:1/nginx:7/", "deployment", "web")
    assert jsonpath(web, "deployment/web", ".spec.template.spec.containers[0].image") == "nginx:7"


def test_patches(web: Kubectl) -> None:
    second = {"spec": {"template": {"spec": {"containers": [{"name": "proxy", "image": "envoy"}]}}}}
    web("patch", "deployment", "web", "-p", json.dumps(second))
    names = jsonpath(web, "deployment/web", ".spec.template.spec.containers[*].name")
    assert sorted(names.split()) == ["proxy", "web"]
    gone = {"spec": {"template": {"spec": {"containers": [{"name": "proxy", "$patch": "delete"}]}}}}
    web("patch", "deployment", "web", "--type=strategic", "-p", json.dumps(gone))
    assert jsonpath(web, "deployment/web", ".spec.template.spec.containers[*].name") == "web"
    web("patch", "deployment", "web", "--type=merge", "-p", '{"spec":{"paused":true}}')
    web("patch", "deployment", "web", "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":6}]')
    web("patch", "deployment", "web", "--subresource=status", "--type=merge", "-p", '{"status":{"replicas":6}}')
    assert jsonpath(web, "deployment/web", ".spec.paused} {.spec.replicas} {.status.replicas") == "true 6 6"


def test_label_annotate_and_select(web: Kubectl) -> None:
    web("label", "deployment", "web", "tier=front")
    web("annotate", "deployment", "web", "owner=me")
    assert web("get", "deploy", "-l", "tier in (front,back),app!=db", "-o", "name").split() == ["deployment.apps/web"]
    assert web("get", "deploy", "--field-selector=metadata.name!=web", "-o", "name") == ""
    assert "app=web,tier=front" in web("get", "deploy", "web", "--show-labels")
    refused = web("label", "deployment", "web", "tier=back", code=1)
    assert "already has a value (front)" in refused
    web("label", "deployment", "web", "tier-")
    web("annotate", "deployment", "web", "owner=you", "--overwrite")
    assert web("get", "deploy", "-l", "tier", "-o", "name") == ""
    assert jsonpath(web, "deployment/web", ".metadata.annotations.owner") == "you"


def test_scale(web: Kubectl) -> None:
    assert "scaled" in web("scale", "deployment/web", "--current-replicas=2", "--replicas=5")
    assert jsonpath(web, "deployment/web", ".spec.replicas") == "5"
    web("scale", "deployment/web", "--current-replicas=2", "--replicas=7", code=1)
    scale = json.loads(web("get", "deployment/web", "--subresource=scale", "-o", "json"))
    assert (scale["kind"], scale["spec"]["replicas"], scale["status"]["selector"]) == ("Scale", 5, "app=web")


def test_rollout(web: Kubectl) -> None:
    web("set", "image", "deployment/web", "web=nginx:2")
    assert jsonpath(web, "deployment/web", ".spec.template.spec.containers[0].image") == "nginx:2"
    web("set", "env", "deployment/web", "MODE=fast")
    web("set", "resources", "deployment/web", "--limits=cpu=200m,memory=512Mi")
    assert jsonpath(web, "deployment/web", ".spec.template.spec.containers[0].resources.limits.cpu") == "200m"
    web("rollout", "restart", "deployment/web")
    assert "restartedAt" in jsonpath(web, "deployment/web", ".spec.template.metadata.annotations")
    web("rollout", "pause", "deployment/web")
    assert jsonpath(web, "deployment/web", ".spec.paused") == "true"
    web("rollout", "resume", "deployment/web")
    # The controller would have noted the revision, and kept a ReplicaSet of each.
    web("annotate", "deployment", "web", "deployment.kubernetes.io/revision=2")
    owner = json.loads(web("get", "deployment", "web", "-o", "json"))
    for revision in (1, 2):
        web("create", "-f", "-", stdin=replica_set(revision, owner))
    history = web("rollout", "history", "deployment/web")
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == ["1", "2"]
    web("rollout", "undo", "deployment/web", "--to-revision=1")
    assert jsonpath(web, "deployment/web", ".spec.template.spec.containers[0].image") == "nginx:1"


def test_get_prints_kubernetes_columns(web: Kubectl) -> None:
    head, row = web("get", "deployments", "-o", "wide").splitlines()
    assert head.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    name, ready, _, _, age, *wide = row.split()
    assert (name, ready, wide) == ("web", "0/2", ["web", "nginx:1", "app=web"])
    assert re.fullmatch(r"\d+s", age)
    web("apply", "-f", "-", stdin=config_map("settings", mode="fast", level="3"))
    assert web("get", "cm", "settings", "--no-headers").split()[:2] == ["settings", "2"]
    assert web("get", "ns", web.namespace, "--no-headers").split()[:2] == [web.namespace, "Active"]
    assert "deployment.apps/web" in web("get", "all")
    assert web("get", "deploy", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas").split() == [
        "N",
        "R",
        "web",
        "2",
    ]
    assert web("get", "deploy", "--sort-by=.metadata.name", "-o", "name").split() == ["deployment.apps/web"]


def test_describe(web: Kubectl) -> None:
    shown = web("describe", "deployment", "web")
    assert re.search(r"^Name: +web$", shown, re.MULTILINE)
    assert re.search(r"^Replicas: +2 desired", shown, re.MULTILINE)
    assert re.search(r"Image: +nginx:1$", shown, re.MULTILINE)
    assert "mode:\n----\nfast" in describe_config_map(web)
    assert re.search(r"^Status: +Active$", web("describe", "namespace", web.namespace), re.MULTILINE)


def describe_config_map(kubectl: Kubectl) -> str:
    kubectl("create", "-f", "-", stdin=config_map("settings", mode="fast"))
    return kubectl("describe", "configmap", "settings")


def test_diff_shows_what_apply_would_change(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=deployment())
    assert kubectl("diff", "-f", "-", stdin=deployment()) == ""
    changed = kubectl("diff", "-f", "-", stdin=deployment(image="nginx:2"), code=1)
    assert "-      - image: nginx:1" in changed
    assert "+      - image: nginx:2" in changed
    assert jsonpath(kubectl, "deployment/web", ".spec.template.spec.containers[0].image") == "nginx:1"


def test_replace(web: Kubectl) -> None:
    assert "replaced" in web("replace", "-f", "-", stdin=deployment(replicas=4))
    uid = jsonpath(web, "deployment/web", ".metadata.uid")
    assert jsonpath(web, "deployment/web", ".spec.replicas") == "4"
    web("replace", "--force", "-f", "-", stdin=deployment(replicas=1))
    assert jsonpath(web, "deployment/web", ".metadata.uid") != uid
    assert "NotFound" in web("replace", "-f", "-", stdin=deployment("other"), code=1)


def test_server_side_dry_run_leaves_nothing(web: Kubectl) -> None:
    made = json.loads(
        web("create", "--dry-run=server", "-o", "json", "-f", "-", stdin=config_map("settings", mode="fast"))
    )
    assert made["metadata"]["uid"]
    assert web("get", "cm", "-o", "name") == f"configmap/{ROOT_CA}\n"
    web("patch", "deployment", "web", "--dry-run=server", "-p", '{"spec":{"replicas":9}}')
    web("delete", "deployment", "web", "--dry-run=server")
    assert jsonpath(web, "deployment/web", ".spec.replicas") == "2"


def test_what_does_not_fit_is_refused(kubectl: Kubectl) -> None:
    body = json.loads(deployment())
    body["spec"]["replicaz"] = 2
    refused = kubectl("create", "-f", "-", stdin=json.dumps(body), code=1)
    assert 'unknown field "spec.replicaz"' in refused
    missing = json.loads(deployment())
    del missing["spec"]["selector"]
    refused = kubectl("create", "--validate=false", "-f", "-", stdin=json.dumps(missing), code=1)
    assert "spec.selector: Required value" in refused
    refused = kubectl("create", "-f", "-", stdin=config_map("Not_A_Name"), code=1)
    assert "a lowercase RFC 1123 subdomain must consist of" in refused


def test_delete(web: Kubectl) -> None:
    assert "deleted" in web("delete", "deployment", "web", "--timeout=10s")
    assert "NotFound" in web("get", "deployment", "web", code=1)
    web("delete", "deployment", "web", "--ignore-not-found")
    for name in ("one", "two"):
        web("create", "-f", "-", stdin=config_map(name))
    web("delete", "cm", "--all", "--wait=false")
    assert web("get", "cm", OF_TESTS, "-o", "name") == ""


def test_get_watch(kubectl: Kubectl) -> None:
    watching = kubectl.start("get", "cm", OF_TESTS, "-w", "--output-watch-events", "--no-headers")
    assert watching.stdout is not None
    stop = threading.Timer(30, watching.kill)
    stop.start()
    # The list before the watch is empty: nothing is printed by which to tell that the watch runs.
    kubectl("create", "-f", "-", stdin=config_map("seen"))
    seen = [watching.stdout.readline().split()[:2]]
    kubectl("label", "cm", "seen", "a=b")
    seen.append(watching.stdout.readline().split()[:2])
    kubectl("delete", "cm", "seen")
    seen.append(watching.stdout.readline().split()[:2])
    stop.cancel()
    watching.kill()
    watching.communicate()
    assert seen == [["ADDED", "seen"], ["MODIFIED", "seen"], ["DELETED", "seen"]]


def test_events(web: Kubectl) -> None:
    uid = jsonpath(web, "deployment/web", ".metadata.uid")
    involved = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": web.namespace, "uid": uid}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "web-"},
        "involvedObject": involved,
        "reason": "ScalingReplicaSet",
        "message": "Scaled up",
        "type": "Normal",
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }
    web("create", "-f", "-", stdin=json.dumps(event))
    assert "Scaled up" in web("events", "--for=deployment/web")
    assert "ScalingReplicaSet" in web("get", "events", "--field-selector=involvedObject.name=web")
    assert "ScalingReplicaSet" in web("describe", "deployment", "web")


IMPERATIVE = [
    ("configmap/c", ["configmap", "c", "--from-literal=mode=fast"], ".data.mode", "fast"),
    ("secret/s", ["secret", "generic", "s", "--from-literal=key=value"], ".data.key", "dmFsdWU="),
    ("deployment/d", ["deployment", "d", "--image=nginx", "--replicas=3"], ".spec.replicas", "3"),
    ("job/j", ["job", "j", "--image=busybox", "--", "true"], ".spec.template.spec.containers[0].command[0]", "true"),
    ("cronjob/cj", ["cronjob", "cj", "--image=busybox", "--schedule=*/5 * * * *"], ".spec.schedule", "*/5 * * * *"),
    ("role/r", ["role", "r", "--verb=get,list", "--resource=pods"], ".rules[0].verbs", '["get","list"]'),
    ("rolebinding/rb", ["rolebinding", "rb", "--role=r", "--user=me"], ".subjects[0].name", "me"),
    ("serviceaccount/sa", ["serviceaccount", "sa"], ".metadata.name", "sa"),
    ("service/svc", ["service", "clusterip", "svc", "--tcp=80:8080"], ".spec.ports[0].targetPort", "8080"),
    ("quota/q", ["quota", "q", "--hard=pods=3,cpu=500m"], ".spec.hard.cpu", "500m"),
    ("pdb/p", ["poddisruptionbudget", "p", "--selector=app=web", "--min-available=50%"], ".spec.minAvailable", "50%"),
    ("ingress/i", ["ingress", "i", "--rule=example.com/=svc:80"], ".spec.rules[0].host", "example.com"),
]


@pytest.mark.parametrize(("what", "args", "path", "value"), IMPERATIVE, ids=[row[0] for row in IMPERATIVE])
def test_create_by_words(kubectl: Kubectl, what: str, args: list[str], path: str, value: str) -> None:
    kubectl("create", *args)
    assert jsonpath(kubectl, what, path) == value


def test_run_expose_and_autoscale(kubectl: Kubectl) -> None:
    kubectl("run", "one", "--image=nginx", "--port=80", "--labels=app=one")
    kubectl("expose", "pod", "one", "--port=8080", "--target-port=80")
    kubectl("create", "-f", "-", stdin=deployment())
    kubectl("autoscale", "deployment", "web", "--max=5", "--cpu=60%")
    assert jsonpath(kubectl, "pod/one", ".spec.containers[0].image") == "nginx"
    assert jsonpath(kubectl, "service/one", ".spec.selector.app") == "one"
    assert jsonpath(kubectl, "hpa/web", ".spec.maxReplicas") == "5"


def test_namespaces_are_created_and_deleted_with_what_they_hold(web: Kubectl) -> None:
    other = f"{web.namespace}-other"
    web("create", "namespace", other)
    web("create", "-n", other, "-f", "-", stdin=deployment())
    web("create", "-n", other, "-f", "-", stdin=config_map("settings"))
    web("delete", "namespace", other, "--timeout=20s")
    assert "NotFound" in web("get", "namespace", other, code=1)
    assert web("get", "deployments,cm", "-n", other, "-o", "name") == ""
    assert web("get", "deployments", "-o", "name") == "deployment.apps/web\n"


def test_auth(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    assert kubectl("auth", "can-i", "*", "*").strip() == "yes"
    who = json.loads(kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]
    assert (who["username"], "system:masters" in who["groups"]) == ("kubernetes-admin", True)


def test_discovery(kubectl: Kubectl) -> None:
    rows = [line.split() for line in kubectl("api-resources", "--no-headers").splitlines()]
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows
    assert ["namespaces", "ns", "v1", "false", "Namespace"] in rows
    listable = kubectl("api-resources", "--verbs=list,watch", "--namespaced=false", "-o", "name").split()
    assert {"nodes", "namespaces", "customresourcedefinitions.apiextensions.k8s.io"} <= set(listable)
    assert {"v1", "apps/v1", "batch/v1", "apiextensions.k8s.io/v1"} <= set(kubectl("api-versions").split())


def test_explain(kubectl: Kubectl) -> None:
    assert re.search(r"replicas\s+<integer>", kubectl("explain", "deployment.spec"))
    assert "GROUP:      apps" in kubectl("explain", "deployment")
    assert "<[]Container> -required-" in kubectl("explain", "pod.spec")
    assert "containers" in kubectl("explain", "pod.spec", "--recursive")
    assert 'field "nonsense" does not exist' in kubectl("explain", "pod.spec.nonsense", code=1)


def test_what_it_says_of_the_server(kubectl: Kubectl) -> None:
    told = json.loads(kubectl("version", "-o", "json"))
    assert "steersman" in told["serverVersion"]["gitVersion"]
    assert kubectl.server.url in kubectl("cluster-info")
    assert kubectl("get", "--raw", "/readyz") == "ok"
    assert "readyz check passed" in kubectl("get", "--raw", "/readyz?verbose")
    assert "apiserver_request_total" in kubectl("get", "--raw", "/metrics")


def test_proxy(web: Kubectl) -> None:
    proxy = web.start("proxy", "--port=0")
    assert proxy.stdout is not None
    address = proxy.stdout.readline().split()[-1]
    url = f"http://{address}/apis/apps/v1/namespaces/{web.namespace}/deployments/web"
    with urllib.request.urlopen(url, timeout=30) as response:
        found = json.load(response)
    proxy.kill()
    proxy.communicate()
    assert found["metadata"]["name"] == "web"


@pytest.mark.parametrize("minor", WHEELS)
def test_an_older_kubectl_with_a_server_of_its_minor(
    minor: str, new_server: Callable[..., ServerProcess], pytestconfig: pytest.Config
) -> None:
    server = new_server(f"--emulated-version={minor}", "--store=memory:")
    assert pytestconfig.cache is not None
    kubectl = Kubectl(str(old_kubectl(minor, pytestconfig.cache.mkdir("kubectl"))), server)
    kubectl("create", "deployment", "web", "--image=nginx:1")
    kubectl("scale", "deployment", "web", "--replicas=3")
    kubectl("set", "image", "deployment/web", "nginx=nginx:2")
    kubectl("apply", "-f", "-", stdin=config_map("settings", mode="fast"))
    assert jsonpath(kubectl, "deployment/web", ".spec.replicas") == "3"
    assert re.search(r"Image: +nginx:2$", kubectl("describe", "deployment", "web"), re.MULTILINE)
    assert re.search(r"replicas\s+<integer>", kubectl("explain", "deployment.spec"))
    told = json.loads(kubectl("version", "-o", "json"))
    client, answered = told["clientVersion"], told["serverVersion"]
    assert (client["major"], client["minor"].rstrip("+")) == (answered["major"], answered["minor"])
    kubectl("delete", "deployment,cm", "--all")
    assert kubectl("get", "deployment,cm", OF_TESTS, "-o", "name") == ""
