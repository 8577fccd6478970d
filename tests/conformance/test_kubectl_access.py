"""Roles with kubectl over TLS: made, asked about, and not given away by who does not hold them."""

from pathlib import Path

import pytest
from tests.conformance.conftest import Start
from tests.conformance.processes import Kubectl, ServerProcess, bundled_kubectl


@pytest.fixture
def server(new_server: Start, tmp_path: Path) -> ServerProcess:
    tokens = tmp_path / "tokens.csv"
    tokens.write_text('jane-token,jane,1,"dev"\njoe-token,joe,2\n')
    tokens.chmod(0o600)
    return new_server("--token-auth-file", str(tokens))


@pytest.fixture
def admin(server: ServerProcess) -> Kubectl:
    return Kubectl(bundled_kubectl(), server)


def kubectl_of(admin: Kubectl, name: str, token: str) -> Kubectl:
    """The same kubectl with a kubeconfig of another user."""
    path = str(admin.server.directory / f"{name}.kubeconfig")
    ca = str(admin.server.directory / "pki" / "ca.crt")
    admin(
        "config", "set-cluster", "c", f"--server={admin.server.url}", f"--certificate-authority={ca}", KUBECONFIG=path
    )
    admin("config", "set-credentials", name, f"--token={token}", KUBECONFIG=path)
    admin("config", "set-context", "c", "--cluster=c", f"--user={name}", KUBECONFIG=path)
    admin("config", "use-context", "c", KUBECONFIG=path)
    other = ServerProcess(
        admin.server.directory, admin.server.flags, admin.server.process, admin.server.url, Path(path)
    )
    return Kubectl(admin.binary, other)


def test_a_session(admin: Kubectl) -> None:
    jane, joe = (kubectl_of(admin, name, f"{name}-token") for name in ("jane", "joe"))
    assert "jane" in jane("auth", "whoami")
    assert "system:authenticated" in jane("auth", "whoami")
    assert jane("auth", "can-i", "list", "pods", code=1).startswith("no")

    admin("create", "role", "reader", "--verb=get,list", "--resource=pods,pods/log")
    admin("create", "rolebinding", "readers", "--role=reader", "--group=dev")
    assert jane("auth", "can-i", "list", "pods") == "yes\n"
    assert jane("auth", "can-i", "get", "pods", "--subresource=log") == "yes\n"
    assert jane("auth", "can-i", "list", "pods", "-A", code=1).startswith("no")
    assert admin("auth", "can-i", "list", "pods", "--as=jane", "--as-group=dev") == "yes\n"
    assert admin("auth", "can-i", "list", "pods", "--as=joe", code=1).startswith("no")
    jane("get", "pods")

    listed = jane("auth", "can-i", "--list")
    rows = [" ".join(line.split()) for line in listed.splitlines()]
    assert "pods [] [] [get list]" in rows
    assert "pods/log [] [] [get list]" in rows
    assert "[/healthz] [] [get]" in rows

    refused = jane("create", "role", "writer", "--verb=create", "--resource=pods", code=1)
    assert 'cannot create resource "roles" in API group "rbac.authorization.k8s.io"' in refused
    admin("create", "role", "managers", "--verb=create,get,update,patch", "--resource=roles,rolebindings")
    admin("create", "rolebinding", "managers", "--role=managers", "--user=jane")
    refused = jane("create", "role", "writer", "--verb=create,delete", "--resource=pods", code=1)
    assert 'user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions' in refused
    assert '{APIGroups:[""], Resources:["pods"], Verbs:["create" "delete"]}' in refused

    jane("create", "rolebinding", "for-joe", "--role=reader", "--user=joe")
    assert joe("get", "pods") == ""
    admin("create", "role", "escalate", "--verb=escalate", "--resource=roles")
    admin("create", "rolebinding", "escalate", "--role=escalate", "--user=jane")
    jane("create", "role", "writer", "--verb=create,delete", "--resource=pods")
    assert "attempting to grant" in jane("create", "rolebinding", "w", "--role=writer", "--user=joe", code=1)
    admin("create", "role", "bind", "--verb=bind", "--resource=roles", "--resource-name=writer")
    admin("create", "rolebinding", "bind", "--role=bind", "--user=jane")
    jane("create", "rolebinding", "w", "--role=writer", "--user=joe")
    assert joe("auth", "can-i", "delete", "pods") == "yes\n"


def test_roles_of_every_cluster(admin: Kubectl) -> None:
    shown = admin("get", "clusterroles", "-o", "name")
    assert {"cluster-admin", "admin", "edit", "view", "system:discovery", "system:node"} <= {
        line.removeprefix("clusterrole.rbac.authorization.k8s.io/") for line in shown.splitlines()
    }
    assert "system:masters" in admin("describe", "clusterrolebinding", "cluster-admin")
    admin("create", "rolebinding", "editors", "--clusterrole=edit", "--user=joe")
    assert admin("auth", "can-i", "create", "deployments.apps", "--as=joe") == "yes\n"
    assert admin("auth", "can-i", "create", "roles.rbac.authorization.k8s.io", "--as=joe", code=1).startswith("no")
    reconciled = admin("auth", "reconcile", "-f", "-", stdin=ROLE)
    assert "reconciled" in reconciled


ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: x, namespace: default}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
"""
