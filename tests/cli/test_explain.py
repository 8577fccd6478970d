"""What admission would do to objects, as the command line tells it."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import yaml
from tests.cli.commands import Steersman, run
from tests.cli.manifests import SETTINGS
from tests.cli.test_get import complete
from tests.conformance.processes import Kubectl

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: c, image: nginx}]}
"""

POLICIES = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: team}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
  reinvocationPolicy: Never
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: "Object{metadata: Object.metadata{labels: {'team': 'a'}}}"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: everywhere}
spec:
  policyName: team
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: short}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps]}]
  validations: [{expression: "object == null || size(object.metadata.name) < 9", message: the name is too long}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: in-tests}
spec:
  policyName: short
  validationActions: [Deny]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}}
"""


@pytest.fixture
def guarded(steersman: Steersman) -> Steersman:
    """Where ConfigMaps get a label, and must have short names."""
    policies = POLICIES.replace("NAMESPACE", steersman.namespace)
    for name in ("team", "everywhere", "short", "in-tests"):
        policies = policies.replace(f" {name}", f" {name}-{steersman.namespace}")
    steersman("create", "-f", "-", stdin=policies)
    return steersman


def plain(text: str, steersman: Steersman) -> list[list[str]]:
    """The lines, split where a column ends, without numbers of steps and times."""
    text = text.replace(f"-{steersman.namespace}", "").replace(steersman.namespace, "NS")
    lines = re.sub(r"\d+\.\d\dms", "TIME", text).splitlines()
    return [[cell for cell in re.split(r"  +", line) if not re.fullmatch(r"[\d.]+", cell)] for line in lines]


def test_the_steps_that_had_something_to_say(guarded: Steersman) -> None:
    told = plain(guarded("explain", "-f", "-", stdin=SETTINGS), guarded)

    assert told[0] == ["CREATE configmap/settings in namespace NS as kubernetes-admin"]
    assert told[1:-2] == [
        ["#", "STEP", "PHASE", "TIME", "WHAT IT DID"],
        ["Plugin MutatingAdmissionPolicy", "Mutating", "TIME"],
        ["Policy team (everywhere)", "Mutating", "TIME", 'add /metadata/labels/team: "a"'],
        ["Plugin ValidatingAdmissionPolicy", "Validating", "TIME"],
        ["Policy short (in-tests)", "Validating", "TIME", "passed"],
    ]
    assert re.fullmatch(r"\d+ other steps had nothing to say \(see --all\)\.", told[-2][0])
    assert told[-1] == ["configmap/settings would be created."]


def test_a_refusal_is_exit_code_1(guarded: Steersman) -> None:
    long = SETTINGS.replace("name: settings", "name: very-long-name")

    done = guarded.run("explain", "-f", "-", stdin=f"{long}---{SETTINGS}")

    message = (
        "configmaps \"very-long-name\" is forbidden: ValidatingAdmissionPolicy 'short' with binding 'in-tests'"
        " denied request: the name is too long"
    )
    told = plain(done.out, guarded)
    assert (done.code, done.err) == (1, "")
    assert ["Policy short (in-tests)", "Validating", "TIME", "REFUSED"] in told
    by = "Policy short (ValidatingAdmissionPolicy)"
    assert [f"configmap/very-long-name would be refused by {by}: {message}"] in told
    assert told[-1] == ["configmap/settings would be created."]
    assert "settings" not in guarded("get", "cm", "-o", "name")


def test_all_steps(steersman: Steersman) -> None:
    some, everything = (steersman("explain", "-f", "-", *more, stdin=POD) for more in ([], ["--all"]))

    assert "nothing to say" in some
    assert "nothing to say" not in everything
    assert "Plugin NamespaceLifecycle" not in some
    for line in ("Plugin NamespaceLifecycle", "audit: pod-security.kubernetes.io/enforce-policy=privileged:latest"):
        assert line in everything
    numbers = re.findall(r"^(\d+) ", everything, re.MULTILINE)
    assert numbers == [str(at) for at in range(1, len(numbers) + 1)]


def test_what_is_there_is_updated_and_a_value_is_shortened(steersman: Steersman) -> None:
    steersman("apply", "-f", "-", stdin=POD)
    labelled = POD.replace("{name: web}", "{name: web, labels: {a: b}}")

    update = steersman("explain", "-f", "-", stdin=labelled)
    creation = steersman.run("explain", "-f", "-", "--operation=create", stdin=labelled)
    deletion = steersman("explain", "-f", "-", "--operation", "delete", stdin=labelled)
    stale = POD.replace("{name: web}", '{name: web, resourceVersion: "1"}')
    replacement = steersman.run("explain", "-f", "-", "--operation", "update", stdin=stale)
    new = steersman("explain", "-f", "-", stdin=POD.replace("web", "new"))

    assert update.splitlines()[0].startswith("UPDATE pod/web in namespace")
    assert update.splitlines()[-1] == "pod/web would be updated."
    assert (creation.code, creation.out.splitlines()[-1]) == (
        1,
        'pod/web would be refused by Conflict: pods "web" already exists',
    )
    assert deletion.splitlines()[-1] == "pod/web would be deleted."
    assert (replacement.code, replacement.out.splitlines()[0].partition(" in ")[0]) == (1, "UPDATE pod/web")
    assert 'pod/web would be refused by Conflict: Operation cannot be fulfilled on pods "web"' in replacement.out
    (tolerations,) = (line for line in new.splitlines() if "/spec/tolerations" in line)
    assert tolerations.endswith("…")
    assert steersman("get", "pod", "-o", "jsonpath={.items[*].metadata.labels}") == ""


def test_as_an_object(steersman: Steersman) -> None:
    as_json = orjson.loads(steersman("explain", "-f", "-", "-o", "json", stdin=POD))
    as_yaml = list(yaml.safe_load_all(steersman("explain", "-f", "-", "-o", "yaml", stdin=f"{POD}---{SETTINGS}")))

    for one in (as_json, *as_yaml):
        assert one["kind"] == "AdmissionExplanation"
    assert [one["request"]["name"] for one in as_yaml] == ["web", "settings"]
    assert as_json["result"]["spec"]["tolerations"]


def test_as_another_user(steersman: Steersman) -> None:
    done = steersman.run("explain", "-f", "-", "--operation=create", "--as", "jane", stdin=POD)

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith('Error from server (Forbidden): pods is forbidden: User "jane" cannot create')


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["deployments.spec"], "for fields there is kubectl explain deployments.spec"),
        (["web.yaml"], "files are given with -f: steersman explain -f web.yaml"),
        ([], "must specify -f FILE"),
        (
            ["-f", "-", "--operation=replace"],
            "Invalid operation (replace). Must be one of apply, create, update, delete.",
        ),
        (["-f", "-", "-o", "wide"], 'unable to match a printer suitable for the output format "wide"'),
        (["-f", "/missing.yaml"], 'the path "/missing.yaml" does not exist'),
        (["-f", "-", "--validate=perhaps"], 'invalid validation "perhaps"'),
    ],
)
def test_what_cannot_be_understood_is_exit_code_2(steersman: Steersman, args: list[str], said: str) -> None:
    done = steersman.run("explain", *args, stdin=POD)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_the_server_makes_names(steersman: Steersman) -> None:
    nameless = POD.replace("name: web", "generateName: web-")
    assert "would be created" in steersman("explain", "-f", "-", stdin=nameless)

    done = steersman.run("explain", "-f", "-", "--operation=delete", stdin=nameless)
    assert (done.code, done.err) == (2, "error: STDIN: Pod has no metadata.name, and so none to delete\n")


def test_kubectl_can_ask_too(kubectl: Kubectl, tmp_path: Path) -> None:
    pod = tmp_path / "pod.json"
    pod.write_bytes(orjson.dumps(yaml.safe_load(POD)))
    path = f"/api/v1/namespaces/{kubectl.namespace}/pods?dryRun=All&explain=true"

    told: Any = orjson.loads(kubectl("create", "--raw", path, "-f", str(pod)))

    assert (told["kind"], told["allowed"], told["request"]["name"]) == ("AdmissionExplanation", True, "web")


def test_the_shell_completes_it() -> None:
    assert complete("steersman expl") == ["explain"]
    assert complete("steersman explain --operation cr") == ["create"]
    assert complete("steersman explain -o ") == ["table", "yaml", "json"]


def test_the_help_has_an_example() -> None:
    done = run(["explain", "--help"])
    assert done.code == 0
    assert "Example: steersman explain -f web.yaml" in done.out
    assert done.out.partition("\n")[0].endswith(" explain [OPTIONS]")


class _Another(BaseHTTPRequestHandler):
    """A server that knows ConfigMaps, and nothing of explanations: it answers what it was sent."""

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = sent or orjson.dumps(_SERVED.get(urlsplit(self.path).path, {}))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer


_KIND = {
    "name": "configmaps",
    "singularName": "configmap",
    "namespaced": True,
    "kind": "ConfigMap",
    "verbs": ["create"],
}
_SERVED = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [_KIND]},
}


def test_another_server_explains_nothing() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Another) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        done = run(["explain", "-s", url, "-f", "-", "--operation=create"], stdin=SETTINGS, KUBECONFIG="/dev/null")
        server.shutdown()
        thread.join()

    said = "error: this server does not explain writes: it made a dry run, and told its result only\n"
    assert done == (1, "", said)
