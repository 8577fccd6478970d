"""A server process over TLS, with kubectl as its client and kopf as the operator that brings webhooks."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.admission.webhook.webhook_server import certificate, deny, webhook_server
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

CONFIGURATION = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: refusing
webhooks:
- name: refusing.example.com
  rules:
  - {operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [configmaps]}
  clientConfig:
    url: URL/refuse
    caBundle: BUNDLE
  namespaceSelector:
    matchLabels: {kubernetes.io/metadata.name: default}
  sideEffects: None
  admissionReviewVersions: [v1]
"""

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
"""

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer}
              color: {type: string}
"""

HANDLERS = """
import kopf

@kopf.on.startup()
def configure(settings, **_):
    settings.admission.server = kopf.WebhookServer(addr="127.0.0.1", certfile="cert.pem", pkeyfile="key.pem")
    settings.admission.managed = "kopf.example.com"
    settings.posting.enabled = False

@kopf.on.mutate("widgets")
def paint(patch, **_):
    patch.spec["color"] = "blue"

@kopf.on.validate("widgets")
def measure(spec, warnings, **_):
    if spec.get("size", 0) > 10:
        raise kopf.AdmissionError("a widget has a size of 10 at most", code=422)
    warnings.append("widgets are on loan")
"""

WIDGET = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: NAME}
spec: {size: SIZE}
"""


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    server = ServerProcess(tmp_path)
    server.start()
    yield Kubectl(bundled_kubectl(), server)
    server.end()


async def test_kubectl_shows_a_refusal(kubectl: Kubectl) -> None:
    async with webhook_server() as hooks:
        hooks.on("/refuse", lambda request: deny(request, message="no such thing here", code=403, reason="Forbidden"))
        bundle = base64.b64encode(hooks.ca).decode()
        configuration = CONFIGURATION.replace("URL", hooks.url).replace("BUNDLE", bundle)
        applied = await asyncio.to_thread(kubectl, "apply", "-f", "-", stdin=configuration)

        refused = await asyncio.to_thread(kubectl, "apply", "-f", "-", stdin=CONFIG_MAP, code=1)
        elsewhere = await asyncio.to_thread(
            kubectl, "create", "configmap", "x", "--namespace", "kube-system", "--output", "name"
        )

    assert applied == "validatingwebhookconfiguration.admissionregistration.k8s.io/refusing created\n"
    assert refused == (
        'Error from server (Forbidden): error when creating "STDIN":'
        ' admission webhook "refusing.example.com" denied the request: no such thing here\n'
    )
    assert elsewhere == "configmap/x\n"


def test_kubectl_shows_what_is_wrong_with_a_configuration(kubectl: Kubectl) -> None:
    wrong = CONFIGURATION.replace("URL/refuse", "http://example.com").replace("caBundle: BUNDLE", "")

    assert kubectl("apply", "-f", "-", stdin=wrong, code=1) == (
        'The ValidatingWebhookConfiguration "refusing" is invalid: webhooks[0].clientConfig.url: Invalid value: "http":'
        " 'https' is the only allowed URL scheme; desired format: https://host[/path]\n"
    )


@contextmanager
def operator(kubectl: Kubectl) -> Iterator[None]:
    """kopf with the handlers above; within it, its webhooks are registered."""
    folder = kubectl.server.directory / "operator"
    folder.mkdir()
    cert, key = certificate("127.0.0.1", "localhost")
    (folder / "cert.pem").write_bytes(cert)
    (folder / "key.pem").write_bytes(key)
    (folder / "handlers.py").write_text(HANDLERS)
    log = (folder / "log").open("w")
    command = [sys.executable, "-m", "kopf", "run", "--all-namespaces", "handlers.py"]
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=kubectl.environment())
    try:
        for kind in ("mutatingwebhookconfiguration", "validatingwebhookconfiguration"):
            name = f"{kind}/kopf.example.com"
            kubectl("wait", "--for=create", name, "--timeout=50s")
            kubectl("wait", "--for=jsonpath={.webhooks[0].clientConfig.url}", name, "--timeout=50s")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def test_kopfs_admission_handlers_register_and_work(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=DEFINITION)
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com")

    with operator(kubectl):
        warned = subprocess.run(
            [kubectl.binary, "create", "-f", "-"],
            input=WIDGET.replace("NAME", "small").replace("SIZE", "3"),
            capture_output=True,
            text=True,
            env={**os.environ, **kubectl.environment()},
            check=True,
        )
        refused = kubectl("create", "-f", "-", stdin=WIDGET.replace("NAME", "big").replace("SIZE", "11"), code=1)

    assert warned.stderr == "Warning: widgets are on loan\n"
    widgets = json.loads(kubectl("get", "widgets", "--output", "json"))["items"]
    assert [(one["metadata"]["name"], one["spec"]) for one in widgets] == [("small", {"size": 3, "color": "blue"})]
    assert refused == (
        'Error from server: error when creating "STDIN": admission webhook "measure.kopf.example.com" denied the'
        " request: a widget has a size of 10 at most\n"
    )
