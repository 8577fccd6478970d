"""Kubeconfig files of the usual tools: parsed, and the same as kubectl has them."""

import base64
from pathlib import Path

import pytest
from tests.client.config.certificates import Pair
from tests.client.config.kubectl_view import config_facts, kubectl_facts
from tests.client.config.layouts import LAYOUTS

from steersman.client.config import Config, ExecPlugin, load_config, load_kubeconfig


def write_layout(name: str, directory: Path, authority: Pair, user_pair: Pair) -> Path:
    pems = {"ca": authority.cert_pem, "cert": user_pair.cert_pem, "key": user_pair.key_pem}
    (directory / "minikube" / "profiles").mkdir(parents=True)
    for file, pem in (("ca.crt", "ca"), ("client.crt", "cert"), ("client.key", "key")):
        (directory / "minikube" / file).write_bytes(pems[pem])
    path = directory / "config"
    path.write_text(LAYOUTS[name].format(**{key: base64.b64encode(pem).decode() for key, pem in pems.items()}))
    return path


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_means_what_it_means_to_kubectl(name: str, tmp_path: Path, authority: Pair, user_pair: Pair) -> None:
    path = write_layout(name, tmp_path, authority, user_pair)
    assert config_facts(load_config(path)) == kubectl_facts([path])


SERVERS = {
    "kind": ("https://127.0.0.1:38765", "default"),
    "eks": ("https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com", "default"),
    "gke": ("https://203.0.113.7", "team-a"),
    "aks": ("https://main-dns-0a1b2c3d.hcp.westeurope.azmk8s.io:443", "default"),
    "k3s": ("https://127.0.0.1:6443", "default"),
    "minikube": ("https://192.168.49.2:8443", "default"),
    "openshift": ("https://api.crc.testing:6443", "my-project"),
    "docker-desktop": ("https://kubernetes.docker.internal:6443", "default"),
}


@pytest.mark.parametrize(("name", "server", "namespace"), [(name, *facts) for name, facts in SERVERS.items()])
def test_server_and_namespace(
    name: str, server: str, namespace: str, tmp_path: Path, authority: Pair, user_pair: Pair
) -> None:
    config = load_config(write_layout(name, tmp_path, authority, user_pair))
    assert (config.server, config.namespace) == (server, namespace)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_gives_a_context(name: str, tmp_path: Path, authority: Pair, user_pair: Pair) -> None:
    config = load_config(write_layout(name, tmp_path, authority, user_pair))
    assert config.ssl_context() is not None


V1BETA1 = "client.authentication.k8s.io/v1beta1"
PLUGINS = {
    "eks": ExecPlugin(
        "aws",
        V1BETA1,
        ("--region", "eu-west-1", "eks", "get-token", "--cluster-name", "prod", "--output", "json"),
        (("AWS_PROFILE", "work"),),
    ),
    "gke": ExecPlugin(
        "gke-gcloud-auth-plugin",
        V1BETA1,
        install_hint="Install gke-gcloud-auth-plugin for use with kubectl by following "
        "https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin",
        provide_cluster_info=True,
    ),
    "aks": ExecPlugin(
        "kubelogin",
        V1BETA1,
        (
            "get-token",
            "--environment",
            "AzurePublicCloud",
            "--server-id",
            "6dae42f8-4368-4678-94ff-3960e28e3630",
            "--login",
            "azurecli",
        ),
    ),
}


@pytest.mark.parametrize(("name", "plugin"), PLUGINS.items())
def test_a_plugin_is_read(name: str, plugin: ExecPlugin, tmp_path: Path, authority: Pair, user_pair: Pair) -> None:
    (user,) = load_kubeconfig(write_layout(name, tmp_path, authority, user_pair)).users.values()
    assert user.exec == plugin


async def test_openshift_sends_the_token(tmp_path: Path, authority: Pair, user_pair: Pair) -> None:
    config = load_config(write_layout("openshift", tmp_path, authority, user_pair))
    assert await config.credentials.headers() == {"Authorization": "Bearer sha256~0123456789"}


def test_impersonation_becomes_headers(tmp_path: Path, authority: Pair, user_pair: Pair) -> None:
    config: Config = load_config(write_layout("docker-desktop", tmp_path, authority, user_pair))
    assert config.impersonation.headers() == (
        ("Impersonate-User", "deployer"),
        ("Impersonate-Uid", "1234"),
        ("Impersonate-Group", "team-a"),
        ("Impersonate-Group", "team-b"),
        ("Impersonate-Extra-scopes", "view"),
        ("Impersonate-Extra-scopes", "edit"),
    )
