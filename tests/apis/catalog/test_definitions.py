"""Schemas of built-in kinds: fields that came and went, and what the build restores of Kubernetes' own documents."""

from collections.abc import Iterator

import pytest

from steersman.apis.catalog import REF_PREFIX, Catalog
from steersman.apis.catalog.data_file import DataFile, Schema

MINORS = range(7, 38)
NEWEST = 37
CORE = "io.k8s.api.core.v1."

# Definition and field → first and last minor that has it (the definition itself may live shorter or longer).
FIELDS = {
    ("io.k8s.api.apps.v1beta1.DeploymentSpec", "progressDeadlineSeconds"): (7, 17),
    ("io.k8s.api.apps.v1.DeploymentSpec", "progressDeadlineSeconds"): (9, NEWEST),
    (CORE + "PodSpec", "initContainers"): (7, NEWEST),
    (CORE + "PodSpec", "runtimeClassName"): (12, NEWEST),
    (CORE + "PodSpec", "enableServiceLinks"): (13, NEWEST),
    (CORE + "PodSpec", "ephemeralContainers"): (16, NEWEST),
    (CORE + "PodSpec", "topologySpreadConstraints"): (16, NEWEST),
    (CORE + "PodSpec", "setHostnameAsFQDN"): (19, NEWEST),
    (CORE + "PodSpec", "os"): (23, NEWEST),
    (CORE + "PodSpec", "schedulingGates"): (26, NEWEST),
    (CORE + "Container", "startupProbe"): (16, NEWEST),
    (CORE + "Container", "resizePolicy"): (27, NEWEST),
    (CORE + "Container", "restartPolicy"): (28, NEWEST),
    (CORE + "Probe", "grpc"): (23, NEWEST),
    (CORE + "ServiceSpec", "ipFamily"): (16, 19),
    (CORE + "ServiceSpec", "ipFamilies"): (20, NEWEST),
    (CORE + "ServiceSpec", "topologyKeys"): (17, 21),
    (CORE + "ServiceSpec", "internalTrafficPolicy"): (21, NEWEST),
    (CORE + "ServiceSpec", "trafficDistribution"): (30, NEWEST),
    (CORE + "ServicePort", "appProtocol"): (18, NEWEST),
    (CORE + "ConfigMap", "binaryData"): (10, NEWEST),
    (CORE + "ConfigMap", "immutable"): (18, NEWEST),
    (CORE + "Secret", "immutable"): (18, NEWEST),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "initializers"): (7, 15),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "managedFields"): (14, NEWEST),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "clusterName"): (7, 24),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta", "remainingItemCount"): (15, NEWEST),
    ("io.k8s.api.batch.v1.JobSpec", "ttlSecondsAfterFinished"): (12, NEWEST),
    ("io.k8s.api.batch.v1.JobSpec", "completionMode"): (21, NEWEST),
    ("io.k8s.api.batch.v1.JobSpec", "podFailurePolicy"): (25, NEWEST),
    ("io.k8s.api.batch.v1.CronJobSpec", "timeZone"): (24, NEWEST),
    ("io.k8s.api.apps.v1.StatefulSetSpec", "minReadySeconds"): (22, NEWEST),
    ("io.k8s.api.apps.v1.StatefulSetSpec", "persistentVolumeClaimRetentionPolicy"): (23, NEWEST),
    ("io.k8s.api.networking.v1.NetworkPolicySpec", "egress"): (8, NEWEST),
    ("io.k8s.api.networking.v1.NetworkPolicyPort", "endPort"): (21, NEWEST),
    ("io.k8s.api.networking.v1beta1.IngressSpec", "ingressClassName"): (18, 21),
    ("io.k8s.api.policy.v1.PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy"): (26, NEWEST),
    ("io.k8s.api.storage.v1.CSIDriverSpec", "seLinuxMount"): (25, NEWEST),
}


def definition_names(minor: int) -> list[str]:
    """The names of all definitions that the minor itself has; those of what is turned on beyond are not in it."""
    file = DataFile()
    return [f"{package}.{short}" for package in file.packages() for short in file.block(package).names(minor)]


def parts(schema: Schema) -> Iterator[Schema]:
    """The schema and all that are written inside it; what it refers to is not followed."""
    yield schema
    for field in schema.get("properties", {}).values():
        yield from parts(field)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key])


@pytest.mark.parametrize("minor", MINORS)
def test_fields_come_and_go_with_the_minor(minor: int) -> None:
    catalog = Catalog(minor)
    names = set(definition_names(minor))

    known = {
        (name, field)
        for name, field in FIELDS
        if name in names and field in catalog.definition(name).get("properties", {})
    }

    assert known == {key for key, (first, last) in FIELDS.items() if first <= minor <= last}


@pytest.mark.parametrize("minor", MINORS)
def test_nothing_is_left_of_the_rewriting_and_every_reference_leads_somewhere(minor: int) -> None:
    catalog = Catalog(minor)

    waiting, seen = definition_names(minor), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for part in parts(catalog.definition(name)):
            assert isinstance(part.get("type", "object"), str)
            assert not part.keys() & {"description", "enum", "oneOf", "anyOf", "$defs"}
            if "$ref" in part:
                waiting.append(part["$ref"].removeprefix(REF_PREFIX))


@pytest.mark.parametrize("minor", [7, 15, 25, 37])
@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", {"type": "string", "format": "int-or-string"}),
        ("io.k8s.apimachinery.pkg.api.resource.Quantity", {"type": "string"}),
        ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", {"type": "string", "format": "date-time"}),
        ("io.k8s.apimachinery.pkg.runtime.RawExtension", {"type": "object"}),
    ],
)
def test_types_with_a_json_form_of_their_own(minor: int, name: str, schema: dict[str, str]) -> None:
    assert Catalog(minor).definition(name) == schema


@pytest.mark.parametrize("minor", [7, 8, 16, 21])
def test_the_schemas_inside_a_v1beta1_crd_are_any_json(minor: int) -> None:
    package = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1."

    assert Catalog(minor).definition(package + "JSONSchemaPropsOrBool") == {}
    assert Catalog(minor).definition(package + "JSONSchemaProps")["properties"]["default"]["$ref"].endswith("JSON")


def test_crds_of_1_7_have_no_validation() -> None:
    name = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.CustomResourceDefinitionSpec"

    assert set(Catalog(7).definition(name)["properties"]) == {"group", "names", "scope", "version"}
    assert "validation" in Catalog(8).definition(name)["properties"]


@pytest.mark.parametrize("minor", MINORS)
def test_merge_keys_are_there_in_every_minor(minor: int) -> None:
    catalog = Catalog(minor)
    containers = catalog.definition(CORE + "PodSpec")["properties"]["containers"]
    ports = catalog.definition(CORE + "Container")["properties"]["ports"]

    assert containers["x-kubernetes-patch-merge-key"] == "name"
    assert containers["x-kubernetes-list-map-keys"] == ["name"]
    assert ports["x-kubernetes-patch-merge-key"] == "containerPort"
    assert ports["x-kubernetes-list-map-keys"] == ["containerPort", "protocol"]


def test_a_reference_and_a_name_are_the_same_definition() -> None:
    catalog = Catalog()
    reference = catalog.definition("io.k8s.api.apps.v1.Deployment")["properties"]["spec"]["$ref"]

    assert reference == REF_PREFIX + "io.k8s.api.apps.v1.DeploymentSpec"
    assert catalog.definition(reference) is catalog.definition("io.k8s.api.apps.v1.DeploymentSpec")


def test_what_is_retired_has_its_last_form_and_shares_the_types_of_today() -> None:
    catalog = Catalog(37)
    spec = catalog.definition("io.k8s.api.apps.v1beta1.DeploymentSpec")["properties"]
    template = catalog.definition(spec["template"]["$ref"])["properties"]

    assert "rollbackTo" in spec
    assert "schedulingGates" in catalog.definition(template["spec"]["$ref"])["properties"]
    assert "io.k8s.api.apps.v1beta1.DeploymentSpec" not in definition_names(37)


def test_what_is_newer_than_the_minor_has_its_first_form() -> None:
    assert "timeZone" not in Catalog(9).definition("io.k8s.api.batch.v1.CronJobSpec")["properties"]


@pytest.mark.parametrize("name", ["io.k8s.api.core.v1.Nothing", "io.nothing.v1.Pod", "Pod"])
def test_an_unknown_definition_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        Catalog().definition(name)
