"""Where the configuration comes from: a path, KUBECONFIG, the pod, the home directory."""

import logging
from pathlib import Path

import pytest
from tests.client.config.certificates import Pair

from steersman.client.config import ConfigError, NotInCluster, Overrides, in_cluster_config, load_config

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def write(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""
current-context: {name}
contexts:
- {{name: {name}, context: {{cluster: {name}, user: {name}}}}}
- {{name: other, context: {{cluster: other, user: {name}, namespace: others}}}}
clusters:
- {{name: {name}, cluster: {{server: 'https://{name}/'}}}}
- {{name: other, cluster: {{server: 'https://other-of-{name}'}}}}
users:
- {{name: {name}, user: {{token: token-of-{name}}}}}
- {{name: admin, user: {{username: root, password: secret}}}}
""")
    return path


@pytest.fixture
def service_account(tmp_path: Path, authority: Pair) -> Path:
    directory = tmp_path / "serviceaccount"
    directory.mkdir()
    (directory / "token").write_text("token-of-pod")
    (directory / "ca.crt").write_bytes(authority.cert_pem)
    (directory / "namespace").write_text("pods-own\n")
    return directory


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    write(tmp_path / "home" / ".kube" / "config", "home")
    return {"HOME": str(tmp_path / "home")}


def test_a_path_is_first(tmp_path: Path, home: dict[str, str], service_account: Path) -> None:
    listed, path = write(tmp_path / "a", "listed"), write(tmp_path / "b", "path")
    environ = {**POD, **home, "KUBECONFIG": str(listed)}
    assert load_config(path, environ=environ, service_account=service_account).server == "https://path"


def test_kubeconfig_comes_before_the_pod(tmp_path: Path, home: dict[str, str], service_account: Path) -> None:
    environ = {**POD, **home, "KUBECONFIG": f"/no:{write(tmp_path / 'a', 'listed')}"}
    assert load_config(environ=environ, service_account=service_account).server == "https://listed"


def test_the_pod_comes_before_the_home(home: dict[str, str], service_account: Path) -> None:
    config = load_config(environ={**POD, **home}, service_account=service_account)
    assert config.server == "https://10.0.0.1:443"


def test_the_home_is_last(home: dict[str, str], service_account: Path) -> None:
    assert load_config(environ=home, service_account=service_account).server == "https://home"


def test_a_pod_without_a_token_uses_the_home(home: dict[str, str], tmp_path: Path) -> None:
    assert load_config(environ={**POD, **home}, service_account=tmp_path).server == "https://home"


def test_a_named_context_is_not_looked_for_in_the_pod(home: dict[str, str], service_account: Path) -> None:
    config = load_config(overrides=Overrides("other"), environ={**POD, **home}, service_account=service_account)
    assert config.server == "https://other-of-home"


def test_the_namespace_can_be_another_in_the_pod(service_account: Path) -> None:
    overrides = Overrides(namespace="mine")
    assert load_config(overrides=overrides, environ=POD, service_account=service_account).namespace == "mine"


OVERRIDES = [
    (Overrides(), "https://home", "default", "Bearer token-of-home"),
    (Overrides(context="other"), "https://other-of-home", "others", "Bearer token-of-home"),
    (Overrides(cluster="other"), "https://other-of-home", "default", "Bearer token-of-home"),
    (Overrides(user="admin"), "https://home", "default", "Basic cm9vdDpzZWNyZXQ="),
    (Overrides(context="other", namespace="mine"), "https://other-of-home", "mine", "Bearer token-of-home"),
]


@pytest.mark.parametrize(("overrides", "server", "namespace", "authorization"), OVERRIDES)
async def test_overrides(
    overrides: Overrides, server: str, namespace: str, authorization: str, home: dict[str, str]
) -> None:
    config = load_config(overrides=overrides, environ=home)
    assert (config.server, config.namespace) == (server, namespace)
    assert await config.credentials.headers() == {"Authorization": authorization}


def test_nothing_anywhere_says_where_was_looked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(environ={"HOME": str(tmp_path)}, service_account=tmp_path)
    assert raised.value.problems == (
        "no configuration has been found",
        "KUBECONFIG: not set",
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
        f"{tmp_path}/.kube/config: does not exist",
    )


def test_a_kubeconfig_variable_of_missing_files_is_not_passed_over(home: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(environ={**home, "KUBECONFIG": "/no/a:/no/b"})
    assert raised.value.problems == ("KUBECONFIG: /no/a: does not exist", "KUBECONFIG: /no/b: does not exist")


async def test_in_a_pod(service_account: Path, authority: Pair) -> None:
    config = in_cluster_config(POD, service_account)
    assert (config.server, config.namespace) == ("https://10.0.0.1:443", "pods-own")
    assert config.tls.ca_pem() == authority.cert_pem
    rejected = await config.credentials.headers()
    assert rejected == {"Authorization": "Bearer token-of-pod"}
    (service_account / "token").write_text("rotated")
    assert await config.credentials.refresh(rejected)
    assert await config.credentials.headers() == {"Authorization": "Bearer rotated"}


def test_an_address_of_ipv6_gets_brackets(service_account: Path) -> None:
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert in_cluster_config(environ, service_account).server == "https://[fd00::1]:6443"


@pytest.mark.parametrize("missing", POD)
def test_outside_of_a_pod(missing: str, service_account: Path) -> None:
    environ = {name: value for name, value in POD.items() if name != missing}
    with pytest.raises(NotInCluster, match="KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined"):
        in_cluster_config(environ, service_account)


def test_a_pod_without_a_token(tmp_path: Path) -> None:
    with pytest.raises(NotInCluster, match="cannot read the service account's token"):
        in_cluster_config(POD, tmp_path)


def test_a_pod_without_a_usable_authority_trusts_the_system(
    service_account: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (service_account / "ca.crt").write_text("no PEM")
    with caplog.at_level(logging.ERROR):
        assert not in_cluster_config(POD, service_account).tls.has_ca
    assert "cannot use the cluster's CA" in caplog.text


def test_the_pods_namespace(service_account: Path) -> None:
    assert in_cluster_config({**POD, "POD_NAMESPACE": "given"}, service_account).namespace == "given"
    (service_account / "namespace").unlink()
    assert in_cluster_config(POD, service_account).namespace == "default"
