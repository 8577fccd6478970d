"""An HTTP server that knows just enough of the API for kubectl to send it an object, and keeps what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# Group and version → plural, kind and whether it is namespaced.
RESOURCES: dict[str, list[tuple[str, str, bool]]] = {
    "v1": [
        ("configmaps", "ConfigMap", True),
        ("namespaces", "Namespace", False),
        ("pods", "Pod", True),
        ("resourcequotas", "ResourceQuota", True),
        ("secrets", "Secret", True),
        ("serviceaccounts", "ServiceAccount", True),
        ("services", "Service", True),
    ],
    "apps/v1": [("deployments", "Deployment", True)],
    "batch/v1": [("jobs", "Job", True), ("cronjobs", "CronJob", True)],
    "networking.k8s.io/v1": [("ingresses", "Ingress", True)],
    "rbac.authorization.k8s.io/v1": [("roles", "Role", True), ("rolebindings", "RoleBinding", True)],
    "scheduling.k8s.io/v1": [("priorityclasses", "PriorityClass", False)],
}
VERBS = ["create", "get", "patch", "update"]


class RecordingServer:
    """``sent`` has content type and body of each write; ``objects`` are answered at their paths."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.objects: dict[str, Any] = {}
        self.url = ""

    def answer(self, path: str) -> Any:
        """What GET gives at a path; None for what is not there."""
        if path == "/version":
            return {"major": "1", "minor": "37", "gitVersion": "v1.37.0"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(key) for key in RESOURCES if "/" in key],
            }
        group_version = path.removeprefix("/apis/").removeprefix("/api/")
        if group_version in RESOURCES:
            return {"kind": "APIResourceList", "groupVersion": group_version, "resources": _resources(group_version)}
        return self.objects.get(path)


def _group(group_version: str) -> dict[str, Any]:
    group, version = group_version.split("/")
    served = {"groupVersion": group_version, "version": version}
    return {"name": group, "versions": [served], "preferredVersion": served}


def _resources(group_version: str) -> list[dict[str, Any]]:
    return [
        {"name": plural, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": VERBS}
        for plural, kind, namespaced in RESOURCES[group_version]
    ]


@contextmanager
def recording_server() -> Iterator[RecordingServer]:
    recorder = RecordingServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = recorder.answer(self.path.partition("?")[0])
            self._send(404 if found is None else 200, found or {"kind": "Status", "reason": "NotFound"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            recorder.sent.append((self.headers["Content-Type"], body))
            self._send(403, {"kind": "Status", "reason": "Forbidden", "message": "recorded"})

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _send(self, code: int, value: Any) -> None:
            content = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield recorder
        server.shutdown()
        thread.join()
