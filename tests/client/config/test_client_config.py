"""The configuration as a value."""

import dataclasses
import logging
from pathlib import Path

import pytest

from steersman.client.config import (
    Config,
    ConfigError,
    Impersonation,
    TlsConfig,
    anonymous,
    basic_auth,
    bearer_token,
    ignore_warning,
    load_config,
    log_warning,
)

SERVERS = [
    ("https://a:6443/", "https://a:6443"),
    ("https://a/prefix/?query#fragment", "https://a/prefix"),
    ("http://[::1]:8080", "http://[::1]:8080"),
    ("a:8080", "http://a:8080"),
    ("localhost", "http://localhost"),
    ("10.0.0.1:8080/", "http://10.0.0.1:8080"),
]


@pytest.mark.parametrize(("given", "server"), SERVERS)
def test_servers_are_brought_into_one_form(given: str, server: str) -> None:
    assert Config(given).server == server


@pytest.mark.parametrize("tls", [TlsConfig(ca_data=b"x"), TlsConfig(insecure_skip_verify=True)])
def test_with_tls_configured_a_host_is_https(tls: TlsConfig) -> None:
    assert Config("a:6443", tls=tls).server == "https://a:6443"


@pytest.mark.parametrize("server", ["", "/", "a/b", "https://", "ftp://a", "https://a:b", "https://[::1"])
def test_what_is_no_server_is_refused(server: str) -> None:
    with pytest.raises(ConfigError, match=r"^server: "):
        Config(server)


def test_defaults_are_client_gos() -> None:
    config = Config("https://a")
    assert (config.qps, config.burst, config.timeout, config.namespace) == (5.0, 10, None, "default")


def test_the_user_agent_says_what_and_where() -> None:
    assert Config("https://a").user_agent.startswith("steersman/0.1.0 (")


def test_a_copy_is_another_configuration() -> None:
    config = Config("https://a", tls=TlsConfig(insecure_skip_verify=True))
    copy = dataclasses.replace(config, tls=TlsConfig())
    assert copy.ssl_context() is not config.ssl_context()
    assert dataclasses.replace(config, namespace="default") == config


def test_secrets_are_not_shown() -> None:
    config = Config(
        "https://me:hunter2@a",
        tls=TlsConfig(cert_data=b"c", key_data=b"hunter2"),
        credentials=bearer_token("hunter2"),
        proxy_url="http://me:hunter2@proxy:3128",
    )
    assert repr(config) == "Config(server='https://xxxxx@a', namespace='default', proxy_url='http://xxxxx@proxy:3128')"
    assert "hunter2" not in repr(config.tls) + repr(config.credentials)


@pytest.mark.parametrize("proxy", ["ftp://a", "a:3128", "http://a:b"])
def test_what_is_no_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(ConfigError, match=r"^proxy-url: "):
        Config("https://a", proxy_url=proxy)


async def test_credentials_that_stay() -> None:
    assert await anonymous().headers() == {}
    assert await bearer_token("abc").headers() == {"Authorization": "Bearer abc"}
    basic = await basic_auth("Aladdin", "open sesame").headers()
    assert basic == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    assert not await bearer_token("abc").refresh({})


async def test_over_plain_http_a_kubeconfig_sends_no_credentials(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("""
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: http://a}}]
users: [{name: a, user: {token: abc, as: me}}]
""")
    config = load_config(path)
    assert await config.credentials.headers() == {}
    assert config.impersonation.user == "me"


GIVEN = [
    ("token: abc", {"Authorization": "Bearer abc"}),
    ("username: me", {"Authorization": "Basic bWU6"}),
    ("client-certificate-data: YQ==, client-key-data: YQ==", {}),
]


@pytest.mark.parametrize(("fields", "headers"), GIVEN)
async def test_a_plugin_is_not_run_where_there_are_credentials(
    fields: str, headers: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "config"
    path.write_text(f"""
current-context: a
contexts: [{{name: a, context: {{cluster: a, user: a}}}}]
clusters: [{{name: a, cluster: {{server: https://a}}}}]
users:
- name: a
  user:
    exec: {{command: /no, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}
    {fields.replace(", ", chr(10) + "    ")}
""")
    assert await load_config(path).credentials.headers() == headers


def test_impersonation_escapes_keys() -> None:
    who = Impersonation("me", extra={"example.com/Scope%ü": ("a", "b")})
    assert who.headers() == (
        ("Impersonate-User", "me"),
        ("Impersonate-Extra-example.com%2FScope%25%C3%BC", "a"),
        ("Impersonate-Extra-example.com%2FScope%25%C3%BC", "b"),
    )
    assert Impersonation().headers() == ()


def test_impersonation_needs_a_user() -> None:
    with pytest.raises(ConfigError, match="cannot be requested without a user"):
        Config("https://a", impersonation=Impersonation(groups=("a",)))


def test_warnings_are_logged_or_not(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        log_warning(299, "-", "v1 Old is deprecated")
        log_warning(199, "-", "another")
        ignore_warning(299, "-", "unheard")
    assert caplog.messages == ["v1 Old is deprecated"]
