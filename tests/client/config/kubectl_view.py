"""What kubectl makes of kubeconfig files, to compare with what we make of them."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steersman.client.config import Config

KUBECTL = Path(sys.executable).parent / "kubectl"


def kubectl_facts(files: Sequence[Path | str], context: str = "") -> dict[str, Any]:
    """Cluster, user and namespace of the current context, or of ``context``, with files' contents inlined."""
    chosen = [f"--context={context}"] if context else []
    ran = subprocess.run(
        [KUBECTL, "config", "view", "--raw", "--flatten", "--minify", "--output=json", *chosen],
        env={**os.environ, "KUBECONFIG": os.pathsep.join(map(str, files))},
        capture_output=True,
        check=True,
    )
    view = json.loads(ran.stdout)
    cluster, user = view["clusters"][0]["cluster"], (view["users"] or [{"user": {}}])[0]["user"]
    return {
        "server": cluster["server"].rstrip("/"),
        "namespace": view["contexts"][0]["context"].get("namespace", "default"),
        "ca": base64.b64decode(cluster.get("certificate-authority-data", "")),
        "certificate": base64.b64decode(user.get("client-certificate-data", "")),
        "key": base64.b64decode(user.get("client-key-data", "")),
        "server_name": cluster.get("tls-server-name", ""),
        "insecure": cluster.get("insecure-skip-tls-verify", False),
        "proxy_url": cluster.get("proxy-url"),
        "disable_compression": cluster.get("disable-compression", False),
        "as": (user.get("as", ""), user.get("as-uid", ""), tuple(user.get("as-groups", ()))),
    }


def config_facts(config: Config) -> dict[str, Any]:
    """The same of ours."""
    certificate = config.tls.certificate()
    who = config.impersonation
    return {
        "server": config.server,
        "namespace": config.namespace,
        "ca": config.tls.ca_pem(),
        "certificate": certificate.certificate if certificate else b"",
        "key": certificate.key if certificate else b"",
        "server_name": config.tls.server_name,
        "insecure": config.tls.insecure_skip_verify,
        "proxy_url": config.proxy_url,
        "disable_compression": config.disable_compression,
        "as": (who.user, who.uid, who.groups),
    }
