"""Real processes: a Steersman server, and kubectl to speak to it."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 30
KUBECTL_MEMORY = {"GOGC": "off", "GOMEMLIMIT": "500MiB"}
"""kubectl ends before it is worth looking for garbage: a fifth of its time went into that."""

ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap that every namespace has."""


@dataclass
class ServerProcess:
    """``steersman serve`` on a free port, with its state in ``directory``."""

    directory: Path
    flags: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    url: str = ""
    kubeconfig: Path = field(default_factory=Path)

    def start(self) -> None:
        listen = self.url.removeprefix("https://") or "127.0.0.1:0"
        command = [sys.executable, "-m", "steersman", "serve", "--listen", listen, "--data-dir", str(self.directory)]
        self.log = (self.directory / "server.log").open("a")
        self.process = subprocess.Popen([*command, *self.flags], stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready https://"), f"{line!r}\n{(self.directory / 'server.log').read_text()}"
        _, self.url, kubeconfig = line.split()
        self.kubeconfig = Path(kubeconfig.removeprefix("kubeconfig="))

    def kill(self) -> None:
        """As a power cut would: SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()
        self.log.close()

    def end(self) -> None:
        """Kill it unless it has ended already."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=START_SECONDS)
        self.log.close()
        return self.process.returncode

    def tls(self) -> ssl.SSLContext:
        """A client context that trusts the server's CA and shows the admin certificate."""
        pki = self.directory / "pki"
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        return context

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """One request as the admin; returns the status and the decoded JSON (or the text)."""
        data = None if body is None else json.dumps(body).encode()
        named = {"Content-Type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, named, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls(), timeout=START_SECONDS) as response:
                status, answer = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read()
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer.decode()

    def create_namespace(self, name: str) -> None:
        """Make a namespace, and return when it has what every namespace has."""
        status, answer = self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        assert status == 201, answer
        config_maps = f"{self.url}/api/v1/namespaces/{name}/configmaps"
        watch = f"{config_maps}?watch=true&fieldSelector=metadata.name%3D{ROOT_CA}"
        with urllib.request.urlopen(watch, context=self.tls(), timeout=START_SECONDS) as events:
            assert json.loads(events.readline())["type"] == "ADDED"


@dataclass(frozen=True)
class Kubectl:
    """One kubectl binary pointed at one server and namespace."""

    binary: str
    server: ServerProcess
    namespace: str = "default"

    def environment(self, **more: str) -> dict[str, str]:
        home = self.server.directory / "home"
        home.mkdir(exist_ok=True)
        own = {"KUBECONFIG": str(self.server.kubeconfig), "HOME": str(home)}
        return {**os.environ, **KUBECTL_MEMORY, **own, **more}

    def forget_discovery(self) -> None:
        """Drop what kubectl remembers of the server's resources for ten minutes."""
        shutil.rmtree(self.server.directory / "home" / ".kube" / "cache", ignore_errors=True)

    def _command(self, args: tuple[str, ...]) -> list[str]:
        return [self.binary, "--namespace", self.namespace, *args]

    def __call__(self, *args: str, stdin: str | None = None, code: int = 0, **environment: str) -> str:
        """Run it and return standard output; the exit code must be ``code`` (then with standard error)."""
        done = subprocess.run(
            self._command(args),
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment(**environment),
            timeout=60,
        )
        shown = f"kubectl {' '.join(args)}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == code, shown
        return done.stdout if code == 0 else done.stdout + done.stderr

    def edit(self, script: str, *args: str) -> str:
        """``kubectl edit`` with an EDITOR that applies a sed script."""
        editor = self.server.directory / "editor.sh"
        editor.write_text(f"#!/bin/sh\nsed -i '{script}' \"$1\"\n")
        editor.chmod(0o755)
        return self("edit", *args, EDITOR=str(editor))

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Run it in the background with its output in a pipe."""
        return subprocess.Popen(
            self._command(args),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env=self.environment(),
        )


def bundled_kubectl() -> str:
    """The kubectl that pip installed."""
    return str(Path(sys.executable).parent / "kubectl")


def kubectl_on_path() -> str | None:
    """Any other kubectl on PATH."""
    found = shutil.which("kubectl")
    return None if found is None or Path(found).samefile(bundled_kubectl()) else found
