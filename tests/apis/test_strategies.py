"""The behaviour of built-in kinds beyond their schema."""

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.namespaces import NamespaceStrategy
from steersman.apis.strategies import strategy_of

RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("group", "kind", "name", "valid"),
    [
        ("", "ConfigMap", "a.b", True),
        ("", "ConfigMap", "A", False),
        ("", "Namespace", "a.b", False),
        ("", "Service", "1a", False),
        ("", "Service", "a1", True),
        (RBAC, "ClusterRole", "system:node", True),
        (RBAC, "RoleBinding", "Any:Name", True),
        (RBAC, "Role", "a/b", False),
        ("apps", "Deployment", "system:node", False),
    ],
)
def test_names(group: str, kind: str, name: str, valid: bool) -> None:
    assert (not strategy_of(GroupKind(group, kind), False).validate_name(name, False)) is valid


@pytest.mark.parametrize(
    ("group", "kind", "counts"),
    [
        ("apps", "Deployment", True),
        ("", "Pod", True),
        ("batch", "Job", True),
        ("policy", "PodDisruptionBudget", True),
        ("", "ConfigMap", False),
        ("", "Service", False),
        ("", "Node", False),
    ],
)
def test_which_kinds_count_their_generations(group: str, kind: str, counts: bool) -> None:
    assert strategy_of(GroupKind(group, kind), True).tracks_generation is counts


def test_namespaces_have_a_strategy_of_their_own() -> None:
    assert isinstance(strategy_of(GroupKind("", "Namespace"), True), NamespaceStrategy)
    assert not isinstance(strategy_of(GroupKind("example.com", "Namespace"), True), NamespaceStrategy)


@pytest.mark.parametrize(("has_status", "kept"), [(True, {}), (False, {"status": {"x": 1}})])
def test_the_status_is_apart_where_there_is_a_subresource_for_it(has_status: bool, kept: dict[str, object]) -> None:
    obj = {"metadata": {}, "status": {"x": 1}}
    strategy_of(GroupKind("apps", "Deployment"), has_status).prepare_for_create(obj)
    assert obj == {"metadata": {}, **kept}


def test_objects_are_completed() -> None:
    obj: dict[str, object] = {"metadata": {}, "spec": {}}
    strategy_of(GroupKind("", "PersistentVolume"), True).complete(obj)
    assert obj == {"metadata": {}, "spec": {}, "status": {"phase": "Pending"}}
    strategy_of(GroupKind("", "ConfigMap"), False).complete(obj)
    assert obj["status"] == {"phase": "Pending"}
