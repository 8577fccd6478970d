"""Which group-versions each minor serves by default, against Kubernetes' release notes and deprecation guide."""

import pytest

from steersman.apis.catalog import CRD_ONLY, Catalog

MINORS = range(7, 38)
NEWEST = 37

# Group-version → first and last minor (1.N) that serves it without being asked to.
SERVED = {
    "v1": (7, NEWEST),
    "admissionregistration.k8s.io/v1": (16, NEWEST),
    "admissionregistration.k8s.io/v1beta1": (9, 21),
    "apiextensions.k8s.io/v1": (16, NEWEST),
    "apiextensions.k8s.io/v1beta1": (7, 21),
    "apiregistration.k8s.io/v1": (10, NEWEST),
    "apiregistration.k8s.io/v1beta1": (7, 21),
    "apps/v1": (9, NEWEST),
    "apps/v1beta1": (7, 15),
    "apps/v1beta2": (8, 15),
    "authentication.k8s.io/v1": (7, NEWEST),
    "authentication.k8s.io/v1beta1": (7, 21),
    "authorization.k8s.io/v1": (7, NEWEST),
    "authorization.k8s.io/v1beta1": (7, 21),
    "autoscaling/v1": (7, NEWEST),
    "autoscaling/v2": (23, NEWEST),
    "autoscaling/v2beta1": (8, 24),
    "autoscaling/v2beta2": (12, 25),
    "batch/v1": (7, NEWEST),
    "batch/v1beta1": (8, 24),
    "certificates.k8s.io/v1": (19, NEWEST),
    "certificates.k8s.io/v1beta1": (7, 21),
    "coordination.k8s.io/v1": (14, NEWEST),
    "coordination.k8s.io/v1beta1": (12, 21),
    "discovery.k8s.io/v1": (21, NEWEST),
    "discovery.k8s.io/v1beta1": (17, 24),
    "events.k8s.io/v1": (19, NEWEST),
    "events.k8s.io/v1beta1": (9, 24),
    "extensions/v1beta1": (7, 21),
    "flowcontrol.apiserver.k8s.io/v1": (29, NEWEST),
    "flowcontrol.apiserver.k8s.io/v1beta1": (20, 25),
    "flowcontrol.apiserver.k8s.io/v1beta2": (23, 28),
    "flowcontrol.apiserver.k8s.io/v1beta3": (26, 31),
    "networking.k8s.io/v1": (7, NEWEST),
    "networking.k8s.io/v1beta1": (14, 21),
    "node.k8s.io/v1": (20, NEWEST),
    "node.k8s.io/v1beta1": (14, 24),
    "policy/v1": (21, NEWEST),
    "policy/v1beta1": (7, 24),
    "rbac.authorization.k8s.io/v1": (8, NEWEST),
    "rbac.authorization.k8s.io/v1alpha1": (7, 7),
    "rbac.authorization.k8s.io/v1beta1": (7, 21),
    "resource.k8s.io/v1": (34, NEWEST),
    "scheduling.k8s.io/v1": (14, NEWEST),
    "scheduling.k8s.io/v1beta1": (11, 21),
    "settings.k8s.io/v1alpha1": (7, 7),
    "storage.k8s.io/v1": (7, NEWEST),
    "storage.k8s.io/v1beta1": (7, 26),
    "storagemigration.k8s.io/v1": (37, NEWEST),
}
# Single resources inside them.
SERVED_RESOURCES = {
    "admissionregistration.k8s.io/v1/mutatingadmissionpolicies": (36, NEWEST),
    "admissionregistration.k8s.io/v1/validatingadmissionpolicies": (30, NEWEST),
    "authentication.k8s.io/v1/selfsubjectreviews": (28, NEWEST),
    "batch/v1/cronjobs": (21, NEWEST),
    "batch/v1/jobs": (7, NEWEST),
    "certificates.k8s.io/v1/podcertificaterequests": (37, NEWEST),
    "extensions/v1beta1/daemonsets": (7, 15),
    "extensions/v1beta1/deployments": (7, 15),
    "extensions/v1beta1/ingresses": (7, 21),
    "extensions/v1beta1/networkpolicies": (7, 15),
    "extensions/v1beta1/podsecuritypolicies": (7, 15),
    "extensions/v1beta1/replicasets": (7, 15),
    "extensions/v1beta1/thirdpartyresources": (7, 7),
    "networking.k8s.io/v1/ingresses": (19, NEWEST),
    "networking.k8s.io/v1/networkpolicies": (7, NEWEST),
    "networking.k8s.io/v1/servicecidrs": (33, NEWEST),
    "networking.k8s.io/v1beta1/ingressclasses": (18, 21),
    "policy/v1beta1/poddisruptionbudgets": (7, 24),
    "policy/v1beta1/podsecuritypolicies": (10, 24),
    "storage.k8s.io/v1/csidrivers": (18, NEWEST),
    "storage.k8s.io/v1/csinodes": (17, NEWEST),
    "storage.k8s.io/v1/csistoragecapacities": (24, NEWEST),
    "storage.k8s.io/v1/volumeattributesclasses": (34, NEWEST),
    "storage.k8s.io/v1beta1/csinodes": (14, 21),
    "storage.k8s.io/v1beta1/csistoragecapacities": (21, 26),
}


@pytest.mark.parametrize("minor", MINORS)
def test_a_minor_serves_its_group_versions_and_no_other(minor: int) -> None:
    served = {str(resource.group_version) for resource in Catalog(minor).resources()}

    assert served == {name for name, (first, last) in SERVED.items() if first <= minor <= last}


@pytest.mark.parametrize("minor", MINORS)
def test_a_minor_serves_the_resources_of_its_time(minor: int) -> None:
    served = {f"{resource.group_version}/{resource.plural}" for resource in Catalog(minor).resources()}

    expected = {name for name, (first, last) in SERVED_RESOURCES.items() if first <= minor <= last}
    assert served & SERVED_RESOURCES.keys() == expected


@pytest.mark.parametrize("minor", MINORS)
def test_every_served_kind_has_its_schema_and_its_lists(minor: int) -> None:
    catalog = Catalog(minor)

    for resource in catalog.resources():
        tags = catalog.definition(resource.definition)["x-kubernetes-group-version-kind"]
        assert {"group": resource.group, "version": resource.version, "kind": resource.kind} in tags
        if "list" in resource.verbs:
            items = catalog.definition(f"{resource.definition}List")["properties"]["items"]
            assert items["items"]["$ref"].endswith(resource.definition)


@pytest.mark.parametrize("minor", [7, 20, 37])
def test_the_order_is_that_of_discovery_with_the_preferred_version_first(minor: int) -> None:
    names = [(resource.group, resource.version) for resource in Catalog(minor).resources()]
    versions = list(dict.fromkeys(names))

    assert names == [version for version in versions for name in names if name == version]
    assert versions[0] == ("", "v1")
    assert list(dict.fromkeys(group for group, _ in versions))[:3] == ["", "apiregistration.k8s.io", "apps"]
    of_autoscaling = [version for group, version in versions if group == "autoscaling"]
    assert of_autoscaling == {7: ["v1"], 20: ["v1", "v2beta2", "v2beta1"], 37: ["v2", "v1"]}[minor]


def test_crd_only_has_nothing_about_containers() -> None:
    served = {resource.plural for resource in Catalog().resources(profile=CRD_ONLY)}

    assert served >= {
        "namespaces",
        "customresourcedefinitions",
        "roles",
        "clusterrolebindings",
        "secrets",
        "configmaps",
        "events",
        "leases",
        "serviceaccounts",
        "subjectaccessreviews",
    }
    assert not served & {"pods", "nodes", "services", "deployments", "jobs", "persistentvolumes", "limitranges"}


@pytest.mark.parametrize("minor", [6, 38])
def test_a_minor_outside_the_catalog_is_refused(minor: int) -> None:
    with pytest.raises(ValueError, match=rf"^1\.{minor} is not in the catalog .* it has 1\.7 to 1\.37$"):
        Catalog(minor)
