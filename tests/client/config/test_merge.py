"""Several files in KUBECONFIG: the first counts, entry by entry, as with kubectl."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.client.config.kubectl_view import config_facts, kubectl_facts

from steersman.client.config import (
    Cluster,
    ConfigError,
    Context,
    Kubeconfig,
    Overrides,
    User,
    load_config,
    load_kubeconfigs,
    merge,
)

DEV = """
clusters: [{name: one, cluster: {server: https://dev:1, certificate-authority: ca.crt}}]
users: [{name: me, user: {username: dev, password: dev}}]
contexts: [{name: dev, context: {cluster: one, user: me}}]
"""
PROD = """
current-context: prod
clusters:
- {name: one, cluster: {server: https://prod:1, tls-server-name: other}}
- {name: two, cluster: {server: https://prod:2}}
users: [{name: me, user: {as: root, token: x}}, {name: you, user: {as: you}}]
contexts: [{name: prod, context: {cluster: one, user: me, namespace: prod}}]
"""
LAST = """
current-context: dev
contexts:
- {name: prod, context: {cluster: two, user: you, namespace: last}}
- {name: two, context: {cluster: two, user: you}}
"""
FILES = {"dev": DEV, "prod": PROD, "last": LAST, "empty": ""}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config").write_text(text)
        (tmp_path / name / "ca.crt").write_text(f"the authority of {name}")
    return tmp_path


ORDERS = [
    (["dev", "prod"], ""),
    (["prod", "dev"], ""),
    (["dev", "last", "prod"], ""),
    (["last", "prod", "dev"], "prod"),
    (["last", "prod", "dev"], "two"),
    (["empty", "absent", "dev", "dev", "prod"], "dev"),
    (["prod", "last"], "two"),
]


@pytest.mark.parametrize(("order", "context"), ORDERS)
def test_files_are_merged_as_kubectl_merges_them(order: list[str], context: str, directory: Path) -> None:
    paths = [str(directory / name / "config") for name in order]
    environ = {"KUBECONFIG": os.pathsep.join(["", *paths])}
    config = load_config(overrides=Overrides(context=context), environ=environ)
    assert config_facts(config) == kubectl_facts(["", *paths], context)


def test_an_entry_is_not_mixed_from_two_files(directory: Path) -> None:
    merged = load_kubeconfigs([str(directory / name / "config") for name in ("dev", "prod")])
    assert merged.clusters["one"].server == "https://dev:1"
    assert merged.clusters["one"].tls_server_name == ""
    assert merged.users["me"].impersonate == ""


def test_paths_belong_to_the_file_they_stand_in(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)
    merged = load_kubeconfigs(["dev/config", "prod/config"])
    assert merged.clusters["one"].certificate_authority == str(directory / "dev" / "ca.crt")


def test_all_files_problems_are_told(directory: Path) -> None:
    (directory / "dev" / "config").write_text("clusters: 7")
    (directory / "prod" / "config").write_text("users: [{name: a, user: {token: 7}}]")
    paths = [str(directory / name / "config") for name in ("dev", "prod", "last", "dev")]
    with pytest.raises(ConfigError) as raised:
        load_kubeconfigs(paths)
    assert raised.value.problems == (
        f"{paths[0]}: clusters: must be a list",
        f"{paths[1]}: users[0].user.token: must be a string",
    )


names = st.sampled_from("abc")
kubeconfigs = st.builds(
    Kubeconfig,
    st.dictionaries(names, st.builds(Cluster, server=names)),
    st.dictionaries(names, st.builds(User, username=names)),
    st.dictionaries(names, st.builds(Context, namespace=names)),
    st.sampled_from(["", "a", "b"]),
)


@given(kubeconfigs, kubeconfigs, kubeconfigs)
def test_merging_is_associative(one: Kubeconfig, two: Kubeconfig, three: Kubeconfig) -> None:
    assert one.merged(two).merged(three) == one.merged(two.merged(three)) == merge([one, two, three])


@given(kubeconfigs)
def test_an_empty_file_changes_nothing(one: Kubeconfig) -> None:
    assert merge([Kubeconfig(), one, Kubeconfig(), one]) == one
