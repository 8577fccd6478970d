"""Tokens of service accounts with kubectl over TLS: asked for, presented, and gone with what they are bound to."""

import base64
import json
from typing import Any

import pytest
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.config import Config, TlsConfig, bearer_token

SELF_REVIEWS = ApiResource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False, DICTS)
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web"},
    "spec": {"serviceAccountName": "robot", "nodeName": "n1", "containers": [{"name": "web", "image": "nginx"}]},
}
SECRET = """
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata:
  name: robot-token
  annotations: {kubernetes.io/service-account.name: robot}
"""


@pytest.fixture
def admin(server: ServerProcess) -> Kubectl:
    kubectl = Kubectl(bundled_kubectl(), server)
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods")
    kubectl("create", "rolebinding", "robots", "--role=reader", "--serviceaccount=default:robot")
    return kubectl


def as_bearer(admin: Kubectl, token: str, *args: str, code: int = 0) -> str:
    """kubectl with the token, and no other credentials."""
    server = admin.server
    trusted = f"--certificate-authority={server.directory / 'pki' / 'ca.crt'}"
    kubeconfig = str(server.directory / "none")
    return admin(f"--server={server.url}", trusted, f"--token={token}", *args, code=code, KUBECONFIG=kubeconfig)


def claims_of(token: str) -> Any:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def test_a_session(admin: Kubectl) -> None:
    token = admin("create", "token", "robot", "--duration=30m").strip()

    claims = claims_of(token)
    assert claims["exp"] - claims["iat"] == 1800
    shown = as_bearer(admin, token, "auth", "whoami")
    assert "system:serviceaccount:default:robot" in shown
    assert f"[JTI={claims['jti']}]" in shown
    assert as_bearer(admin, token, "get", "pods") == ""
    refused = as_bearer(admin, token, "get", "secrets", code=1)
    assert 'User "system:serviceaccount:default:robot" cannot list resource "secrets"' in refused
    assert as_bearer(admin, token, "create", "token", "robot", code=1).startswith("error: failed to create token")
    keys = json.loads(as_bearer(admin, token, "get", "--raw", "/openid/v1/jwks"))["keys"]
    assert [(key["alg"], key["use"]) for key in keys] == [("ES256", "sig")]
    document = json.loads(as_bearer(admin, token, "get", "--raw", "/.well-known/openid-configuration"))
    assert document["jwks_uri"] == f"{admin.server.url}/openid/v1/jwks"
    tls = TlsConfig(ca_file=str(admin.server.directory / "pki" / "ca.crt"))
    async with Client(Config(admin.server.url, tls, bearer_token(token))) as client:
        review = await client.resource(SELF_REVIEWS).create({})
    assert review["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"


def test_a_token_that_is_bound_to_a_pod(admin: Kubectl) -> None:
    admin("create", "-f", "-", stdin=json.dumps(POD))
    bound = ("--bound-object-kind", "Pod", "--bound-object-name", "web")
    token = admin("create", "token", "robot", *bound).strip()

    assert claims_of(token)["kubernetes.io"]["node"] == {"name": "n1"}
    assert "[web]" in as_bearer(admin, token, "auth", "whoami")
    admin("delete", "pod", "web", "--grace-period=0", "--force")
    assert "Unauthorized" in as_bearer(admin, token, "get", "pods", code=1)
    refused = admin("create", "token", "robot", *bound, code=1)
    assert 'pods "web" not found' in refused


def test_a_token_for_others_and_what_is_refused(admin: Kubectl) -> None:
    token = admin("create", "token", "robot", "--audience=vault").strip()

    assert claims_of(token)["aud"] == ["vault"]
    assert "Unauthorized" in as_bearer(admin, token, "get", "pods", code=1)
    assert "may not specify a duration less than 10 minutes" in admin(
        "create", "token", "robot", "--duration=1m", code=1
    )
    assert 'serviceaccounts "nobody" not found' in admin("create", "token", "nobody", code=1)


def test_a_token_in_a_secret(admin: Kubectl) -> None:
    admin("create", "-f", "-", stdin=SECRET)
    admin("wait", "secret/robot-token", "--for=jsonpath={.data.token}", "--timeout=20s")

    data = json.loads(admin("get", "secret", "robot-token", "-o", "json"))["data"]
    assert base64.b64decode(data["ca.crt"]) == (admin.server.directory / "pki" / "ca.crt").read_bytes()
    assert base64.b64decode(data["namespace"]) == b"default"
    token = base64.b64decode(data["token"]).decode()
    assert "system:serviceaccount:default:robot" in as_bearer(admin, token, "auth", "whoami")
    admin("delete", "serviceaccount", "robot")
    admin("wait", "secret/robot-token", "--for=delete", "--timeout=20s")
    assert "Unauthorized" in as_bearer(admin, token, "auth", "whoami", code=1)


def test_a_key_outlives_the_process(admin: Kubectl) -> None:
    token = admin("create", "token", "robot").strip()
    admin.server.kill()
    admin.server.start()

    assert "system:serviceaccount:default:robot" in as_bearer(admin, token, "auth", "whoami")
    key = admin.server.directory / "pki" / "service-account.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert token not in (admin.server.directory / "server.log").read_text()
