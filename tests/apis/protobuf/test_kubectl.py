"""What kubectl sends as protobuf, against the JSON that it prints of the same object."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.apis.protobuf.recording_server import RecordingServer, recording_server
from tests.conformance.processes import bundled_kubectl

from steersman.apis.protobuf import MEDIA_TYPE, decode_protobuf

POD: dict[str, Any] = json.loads(Path(__file__).with_name("pod.json").read_text())


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with recording_server() as recorder:
        yield recorder


def kubectl(server: RecordingServer, home: Path, *arguments: str) -> str:
    command = [bundled_kubectl(), "--server", server.url, "--kubeconfig=/dev/null", *arguments]
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def sent(server: RecordingServer, home: Path, *arguments: str) -> dict[str, Any]:
    """The object that a command sends, which must be sent as protobuf."""
    server.sent.clear()
    kubectl(server, home, *arguments)
    [(content_type, body)] = server.sent
    assert content_type == MEDIA_TYPE
    return decode_protobuf(body)


@pytest.mark.parametrize(
    "command",
    [
        "configmap app --from-literal=color=blue --from-literal=empty= --from-file=binary=/dev/null",
        "secret generic s --from-literal=password=hunter2",
        "quota q --hard=cpu=1,memory=1Gi,pods=2 --scopes=BestEffort",
        "service loadbalancer l --tcp=80:http",
        "deployment web --image=nginx --replicas=3 --port=80",
        "cronjob c --image=busybox --schedule=@hourly --restart=Never",
        "ingress i --rule=foo.com/bar*=svc:8080,tls=cert --default-backend=d:http --annotation=a=b",
        "role r --verb=get,list --resource=pods,deployments.apps --resource-name=x",
        "rolebinding b --role=r --user=jane --group=devs --serviceaccount=default:sa",
        "priorityclass p --value=-5 --description=low --preemption-policy=Never",
    ],
)
def test_create(server: RecordingServer, tmp_path: Path, command: str) -> None:
    arguments = "create", *shlex.split(command)

    printed = kubectl(server, tmp_path, *arguments, "--dry-run=client", "--output=json")

    assert sent(server, tmp_path, *arguments) == json.loads(printed)


def test_create_token(server: RecordingServer, tmp_path: Path) -> None:
    assert sent(server, tmp_path, "create", "token", "sa", "--duration=10m", "--audience=x") == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {},
        "spec": {"audiences": ["x"], "expirationSeconds": 600, "boundObjectRef": None},
        "status": {"token": "", "expirationTimestamp": None},
    }


def test_a_pod_read_as_json_and_sent_on_as_protobuf(server: RecordingServer, tmp_path: Path) -> None:
    server.objects["/api/v1/namespaces/default/pods/p"] = POD
    keep = [f"--keep-{what}" for what in ("labels", "annotations", "liveness", "readiness", "startup")]

    copied = sent(server, tmp_path, "debug", "p", "--copy-to=q", "--set-image=p=other", "--profile=general", *keep)

    expected = json.loads(json.dumps(POD))
    expected["metadata"]["name"] = "q"
    expected["spec"]["containers"][0]["image"] = "other"
    assert copied == expected
