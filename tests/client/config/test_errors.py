"""What is wrong in a kubeconfig is told with its file and field, one line each, and without secrets."""

from pathlib import Path

import pytest

from steersman.client.config import ConfigError, Overrides, load_config, parse_kubeconfig

SYNTAX = [
    ("a: [", "is not YAML: line 2: did not find expected node content"),
    ("token: !!int hunter2", "is not YAML that can be read"),
    ("hunter2", "must be a mapping with clusters, users and contexts"),
    ("apiVersion: v2", 'apiVersion: must be "v1"'),
    ("kind: Secret", 'kind: must be "Config"'),
    ("current-context: 7", "current-context: must be a string"),
    ("users: {}", "users: must be a list"),
    ("users: [hunter2]", "users[0]: must be a mapping"),
    ("users: [{name: a, user: hunter2}]", "users[0].user: must be a mapping"),
    ("users: [{name: a}, {name: a}]", 'users[1].name: duplicate name "a"'),
    ("users: [{name: a, user: {token: 12345}}]", "users[0].user.token: must be a string"),
    ("users: [{name: a, user: {client-key-data: hunter2!}}]", "users[0].user.client-key-data: must be base64"),
    ("users: [{name: a, user: {as-groups: hunter2}}]", "users[0].user.as-groups: must be a list"),
    ("users: [{name: a, user: {as-user-extra: {b: [1]}}}]", "users[0].user.as-user-extra.b[0]: must be a string"),
    ("users: [{name: a, user: {exec: {args: [a, 1]}}}]", "users[0].user.exec.args[1]: must be a string"),
    ("users: [{name: a, user: {exec: {env: [{value: 1}]}}}]", "users[0].user.exec.env[0].value: must be a string"),
    (
        "clusters: [{name: a, cluster: {insecure-skip-tls-verify: 'yes'}}]",
        "clusters[0].cluster.insecure-skip-tls-verify: must be true or false",
    ),
    ("contexts: [{name: a, context: {namespace: [a]}}]", "contexts[0].context.namespace: must be a string"),
]


@pytest.mark.parametrize(("text", "message"), SYNTAX)
def test_a_wrong_field_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_kubeconfig(text.encode(), "/etc/config")
    assert raised.value.problems == (f"/etc/config: {message}",)


def test_unknown_fields_and_extensions_are_passed_over() -> None:
    text = b"""
extensions: [{name: a, extension: {b: c}}]
new-field: 7
clusters: [{name: a, cluster: {server: https://a, extensions: [{name: b, extension: 7}], api-version: v1}}]
users: [{name: a, user: {extensions: null, token: null}, extra: true}]
"""
    kubeconfig = parse_kubeconfig(text, "config")
    assert kubeconfig.clusters["a"].server == "https://a"


def test_what_plugins_are_told_is_kept() -> None:
    text = b"""
clusters:
- name: a
  cluster: {extensions: [{name: other}, {name: client.authentication.k8s.io/exec, extension: {audience: b}}]}
"""
    assert parse_kubeconfig(text, "config").clusters["a"].exec_config == {"audience": "b"}


def test_paths_are_those_of_the_file(tmp_path: Path) -> None:
    text = b"""
users:
- name: a
  user: {tokenFile: ../t, client-key: /k, client-certificate: c, exec: {command: bin/login}}
- name: b
  user: {exec: {command: login}}
"""
    users = parse_kubeconfig(text, str(tmp_path / "sub" / "config")).users
    a, b = users["a"], users["b"]
    assert (a.token_file, a.client_key, a.client_certificate) == (f"{tmp_path}/t", "/k", f"{tmp_path}/sub/c")
    assert a.exec is not None
    assert a.exec.command == f"{tmp_path}/sub/bin/login"
    assert b.exec is not None
    assert b.exec.command == "login"


CONTEXT = "current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
CLUSTER = f"{CONTEXT}clusters: [{{name: a, cluster: {{server: 'https://a'}}}}]\n"
EXEC = "command: login, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"


def cluster(fields: str) -> str:
    return f"{CONTEXT}clusters: [{{name: a, cluster: {{{fields}}}}}]\nusers: [{{name: a}}]"


def user(fields: str) -> str:
    return f"{CLUSTER}users: [{{name: a, user: {{{fields}}}}}]"


UNUSABLE = [
    ("", ["no context is chosen: set current-context, or name a context"]),
    ("current-context: a", ['context "a" does not exist (there are: none)']),
    (CONTEXT, ['FILE: cluster "a" does not exist', 'FILE: user "a" does not exist']),
    ("current-context: a\ncontexts: [{name: a}]", ["FILE: no cluster is named"]),
    (cluster(""), ['FILE: cluster "a": server: must be given']),
    (cluster("server: 'a/b'"), ['FILE: cluster "a": server: must be a URL or a host:port pair']),
    (
        cluster("server: 'ftp://a'"),
        ['FILE: cluster "a": server: unsupported scheme "ftp", must be http or https'],
    ),
    (
        cluster("server: 'https://a', proxy-url: 'ftp://me:hunter2@a'"),
        ['FILE: cluster "a": proxy-url: unsupported scheme "ftp", must be http, https, or socks5'],
    ),
    (
        cluster("server: 'https://a', certificate-authority-data: YQ==, certificate-authority: /no"),
        [
            'FILE: cluster "a": certificate-authority-data and certificate-authority: only one may be given',
            'FILE: cluster "a": certificate-authority: unable to read "/no"',
        ],
    ),
    (
        cluster("server: 'https://a', certificate-authority-data: YQ==, insecure-skip-tls-verify: true"),
        ['FILE: cluster "a": insecure-skip-tls-verify: cannot be set together with a certificate authority'],
    ),
    (
        user("token: hunter2, password: hunter2"),
        ['FILE: user "a": token and username: only one way to authenticate may be given'],
    ),
    (
        user('token: "hunter2\\n"'),
        ['FILE: user "a": token: cannot stand in a header; is there a line end in it?'],
    ),
    (
        user("client-certificate-data: YQ=="),
        ['FILE: user "a": client-key-data or client-key: must be given for the client certificate'],
    ),
    (
        user("client-certificate: /no.crt, client-key: /no.key"),
        [
            'FILE: user "a": client-certificate: unable to read "/no.crt"',
            'FILE: user "a": client-key: unable to read "/no.key"',
        ],
    ),
    (
        user("auth-provider: {name: gcp, config: {access-token: hunter2}}"),
        [
            'FILE: user "a": auth-provider: "gcp" is not supported, as in kubectl since 1.26; '
            "use an exec credential plugin"
        ],
    ),
    (
        user("as-groups: [a]"),
        ['FILE: user "a": as-uid, as-groups and as-user-extra: must come with as, the user to impersonate'],
    ),
    (
        user("exec: {args: [hunter2]}"),
        [
            'FILE: user "a": exec.command: must be given',
            'FILE: user "a": exec.apiVersion: must be one of client.authentication.k8s.io/v1, '
            'client.authentication.k8s.io/v1beta1, not ""',
            'FILE: user "a": exec.interactiveMode: must be one of Never, IfAvailable, Always, not ""',
        ],
    ),
    (
        user("exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1, interactiveMode: Never}"),
        [
            'FILE: user "a": exec.apiVersion: must be one of client.authentication.k8s.io/v1, '
            'client.authentication.k8s.io/v1beta1, not "client.authentication.k8s.io/v1alpha1"'
        ],
    ),
    (
        user(f"exec: {{{EXEC}, env: [{{value: hunter2}}]}}"),
        ['FILE: user "a": exec.env: each must have a name that can be a variable\'s'],
    ),
]


@pytest.mark.parametrize(("text", "problems"), UNUSABLE)
def test_what_cannot_be_used_is_named(text: str, problems: list[str], tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert list(raised.value.problems) == [problem.replace("FILE", str(path)) for problem in problems]
    assert "hunter2" not in str(raised.value)


OVERRIDES = [
    (Overrides(context="b"), 'context "b" does not exist (there are: a)'),
    (Overrides(cluster="b"), 'FILE: cluster "b" does not exist'),
    (Overrides(user="b"), 'FILE: user "b" does not exist'),
    (Overrides(namespace="A.b"), 'FILE: namespace "A.b" is not a DNS label'),
]


@pytest.mark.parametrize(("overrides", "message"), OVERRIDES)
def test_overrides_must_exist(overrides: Overrides, message: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(user("token: hunter2"))
    with pytest.raises(ConfigError) as raised:
        load_config(path, overrides)
    assert str(raised.value) == message.replace("FILE", str(path))


def test_an_explicit_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(tmp_path / "config")
    assert str(raised.value) == f"{tmp_path}/config: cannot be read: No such file or directory"


def test_secrets_are_not_shown() -> None:
    text = user(
        "token: hunter2, password: hunter2, client-key-data: aHVudGVyMg==, "
        "exec: {args: [hunter2], env: [{name: a, value: hunter2}]}"
    )
    assert "hunter2" not in repr(parse_kubeconfig(text.encode(), "config"))
