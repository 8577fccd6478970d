"""Where built-in objects are stored, and which versions of a kind are one stored object."""

from collections import defaultdict

import pytest

from steersman.apis.catalog import Catalog, RuntimeConfig, StorageIdentity

ALL_VERSIONS = [
    "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1", "autoscaling/v2beta1", "autoscaling/v2beta2",
    "autoscaling/v2alpha1", "batch/v1beta1", "batch/v2alpha1", "discovery.k8s.io/v1beta1", "events.k8s.io/v1beta1",
    "networking.k8s.io/v1beta1", "policy/v1beta1", "apiextensions.k8s.io/v1beta1", "certificates.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta1", "flowcontrol.apiserver.k8s.io/v1beta3", "node.k8s.io/v1beta1",
    "node.k8s.io/v1alpha1", "resource.k8s.io/v1beta1", "resource.k8s.io/v1beta2", "rbac.authorization.k8s.io/v1alpha1",
    "rbac.authorization.k8s.io/v1beta1", "coordination.k8s.io/v1alpha1", "coordination.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha2", "resource.k8s.io/v1alpha3", "admissionregistration.k8s.io/v1beta1",
    "settings.k8s.io/v1alpha1", "storage.k8s.io/v1beta1", "authorization.k8s.io/v1beta1",
]  # fmt: skip


def identities(minor: int = 37) -> dict[str, StorageIdentity | None]:
    resources = Catalog(minor).resources(RuntimeConfig.parse(",".join(ALL_VERSIONS)))
    return {f"{resource.group_version}/{resource.plural}": resource.storage for resource in resources}


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("v1/pods", "/registry/pods/"),
        ("v1/services", "/registry/services/specs/"),
        ("v1/endpoints", "/registry/services/endpoints/"),
        ("v1/nodes", "/registry/minions/"),
        ("v1/replicationcontrollers", "/registry/controllers/"),
        ("v1/events", "/registry/events/"),
        ("v1/serviceaccounts", "/registry/serviceaccounts/"),
        ("apps/v1/deployments", "/registry/deployments/"),
        ("networking.k8s.io/v1/ingresses", "/registry/ingress/"),
        ("rbac.authorization.k8s.io/v1/clusterroles", "/registry/clusterroles/"),
        ("coordination.k8s.io/v1/leases", "/registry/leases/"),
        (
            "apiextensions.k8s.io/v1/customresourcedefinitions",
            "/registry/apiextensions.k8s.io/customresourcedefinitions/",
        ),
        ("apiregistration.k8s.io/v1/apiservices", "/registry/apiregistration.k8s.io/apiservices/"),
        ("settings.k8s.io/v1alpha1/podpresets", "/registry/podpresets/"),
        ("autoscaling/v1/horizontalpodautoscalers", "/registry/horizontalpodautoscalers.v1.autoscaling/"),
        ("events.k8s.io/v1/events", "/registry/events/"),
    ],
)  # fmt: skip
def test_prefixes_are_those_of_upstream(name: str, prefix: str) -> None:
    storage = identities()[name]

    assert storage is not None
    assert storage.prefix == prefix


# The version that is stored, and those that are the same stored object.
ONE_OBJECT = {
    "apps/v1/deployments": ["apps/v1beta1", "apps/v1beta2", "extensions/v1beta1"],
    "apps/v1/daemonsets": ["apps/v1beta2", "extensions/v1beta1"],
    "apps/v1/statefulsets": ["apps/v1beta1", "apps/v1beta2"],
    "batch/v1/cronjobs": ["batch/v1beta1", "batch/v2alpha1"],
    "networking.k8s.io/v1/networkpolicies": ["extensions/v1beta1"],
    "networking.k8s.io/v1beta1/ingresses": ["extensions/v1beta1"],
    "policy/v1beta1/podsecuritypolicies": ["extensions/v1beta1"],
    "policy/v1/poddisruptionbudgets": ["policy/v1beta1"],
    "autoscaling/v2/horizontalpodautoscalers": ["autoscaling/v2beta2"],
    "v1/events": ["events.k8s.io/v1", "events.k8s.io/v1beta1"],
    "resource.k8s.io/v1/resourceclaims": ["resource.k8s.io/v1beta2"],
    "rbac.authorization.k8s.io/v1/roles": ["rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1"],
    "apiextensions.k8s.io/v1/customresourcedefinitions": ["apiextensions.k8s.io/v1beta1"],
    "certificates.k8s.io/v1/certificatesigningrequests": ["certificates.k8s.io/v1beta1"],
}
# Versions of one kind with other fields: never the same stored object.
OWN_OBJECT = [
    ("networking.k8s.io/v1/ingresses", "networking.k8s.io/v1beta1/ingresses"),
    ("autoscaling/v2/horizontalpodautoscalers", "autoscaling/v1/horizontalpodautoscalers"),
    ("autoscaling/v2/horizontalpodautoscalers", "autoscaling/v2beta1/horizontalpodautoscalers"),
    ("discovery.k8s.io/v1/endpointslices", "discovery.k8s.io/v1beta1/endpointslices"),
    ("node.k8s.io/v1/runtimeclasses", "node.k8s.io/v1alpha1/runtimeclasses"),
    ("resource.k8s.io/v1/resourceclaims", "resource.k8s.io/v1beta1/resourceclaims"),
    ("rbac.authorization.k8s.io/v1/rolebindings", "rbac.authorization.k8s.io/v1alpha1/rolebindings"),
    ("coordination.k8s.io/v1beta1/leasecandidates", "coordination.k8s.io/v1alpha1/leasecandidates"),
    ("flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
     "flowcontrol.apiserver.k8s.io/v1beta1/prioritylevelconfigurations"),
]  # fmt: skip


@pytest.mark.parametrize(("stored", "versions"), ONE_OBJECT.items(), ids=ONE_OBJECT.keys())
def test_versions_of_one_shape_are_one_stored_object(stored: str, versions: list[str]) -> None:
    found = identities()
    plural = stored.rpartition("/")[2]
    storage = found[stored]

    assert storage is not None
    assert str(storage.group_version_kind.group_version) == stored.rpartition("/")[0]
    assert {found[f"{version}/{plural}"] for version in versions} == {storage}


@pytest.mark.parametrize(("one", "other"), OWN_OBJECT)
def test_versions_of_different_shapes_are_stored_apart(one: str, other: str) -> None:
    found = identities()
    one_storage, other_storage = found[one], found[other]

    assert one_storage is not None
    assert other_storage is not None
    assert one_storage.prefix != other_storage.prefix


def test_no_two_stored_kinds_share_keys() -> None:
    owners: dict[str, set[StorageIdentity]] = defaultdict(set)
    for storage in identities().values():
        if storage is not None:
            owners[storage.prefix].add(storage)

    assert [owner for owner in owners.values() if len(owner) > 1] == []
    prefixes = sorted(owners)
    assert not [one for one in prefixes for other in prefixes if one != other and other.startswith(one)]


def test_the_place_does_not_depend_on_the_minor() -> None:
    """So that a store written as one minor is read as another."""
    newest = identities(37)
    for minor in (7, 16, 22):
        older = identities(minor)
        assert {name: older[name] for name in older.keys() & newest} == {
            name: newest[name] for name in older.keys() & newest
        }


@pytest.mark.parametrize(
    "name",
    ["v1/bindings", "v1/componentstatuses", "authorization.k8s.io/v1/subjectaccessreviews",
     "authorization.k8s.io/v1beta1/subjectaccessreviews", "authentication.k8s.io/v1/tokenreviews"],
)  # fmt: skip
def test_what_is_only_asked_is_not_stored(name: str) -> None:
    assert identities()[name] is None
