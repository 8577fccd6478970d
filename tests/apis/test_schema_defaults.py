"""Defaults that depend on nothing else, laid into the schemas of the minors that have the fields."""

from functools import cache
from typing import Any

import pytest

from steersman.apimachinery.schema import CompiledSchema
from steersman.apis.builtin import Definitions
from steersman.apis.catalog import Catalog
from steersman.apis.catalog.data_file import DataFile
from steersman.apis.schema_defaults import DEFAULTS, with_defaults

CORE, APPS = "io.k8s.api.core.v1.", "io.k8s.api.apps.v1."
ADMISSION = "io.k8s.api.admissionregistration."


@cache
def catalog(minor: int) -> Catalog:
    return Catalog(minor)


def defaulted(minor: int, name: str, obj: Any) -> Any:
    definitions = Definitions(catalog(minor))
    CompiledSchema.compile(definitions.schema(name), definitions.schema).default(obj)
    return obj


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        (CORE + "ContainerPort", {"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}),
        (CORE + "ContainerPort", {"protocol": "UDP"}, {"protocol": "UDP"}),
        (CORE + "Probe", {"grpc": {"port": 1}, "periodSeconds": 5}, {"periodSeconds": 5, "timeoutSeconds": 1}),
        (CORE + "Secret", {}, {"type": "Opaque"}),
        (CORE + "PersistentVolumeSpec", {}, {"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"}),
        (CORE + "EndpointPort", {"port": 80}, {"port": 80, "protocol": "TCP"}),
        ("io.k8s.api.discovery.v1.EndpointPort", {"port": 80}, {"port": 80, "protocol": "TCP", "name": ""}),
        (
            APPS + "DeploymentSpec",
            {"strategy": {"rollingUpdate": {"maxSurge": 1}}},
            {
                "replicas": 1,
                "progressDeadlineSeconds": 600,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": "25%"}},
            },
        ),
        (
            APPS + "DaemonSetSpec",
            {},
            {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}},
        ),
        (
            APPS + "StatefulSetSpec",
            {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}},
            {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"}},
        ),
        (
            "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec",
            {},
            {
                "minReplicas": 1,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                    }
                ],
            },
        ),
        ("io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec", {}, {"minReplicas": 1}),
        ("io.k8s.api.flowcontrol.v1.FlowSchemaSpec", {}, {"matchingPrecedence": 1000}),
        (
            "io.k8s.api.flowcontrol.v1.QueuingConfiguration",
            {"queues": 1},
            {"queues": 1, "handSize": 8, "queueLengthLimit": 50},
        ),
        ("io.k8s.api.networking.v1.IngressClassParametersReference", {}, {"scope": "Cluster"}),
        (ADMISSION + "v1.ValidatingWebhook", {}, {"timeoutSeconds": 10, "failurePolicy": "Fail"}),
        (ADMISSION + "v1.MutatingWebhook", {}, {"reinvocationPolicy": "Never", "objectSelector": {}}),
        (ADMISSION + "v1.ServiceReference", {}, {"port": 443}),
    ],
)
def test_missing_fields_are_filled_in(name: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected.items() <= defaulted(37, name, given).items()


def test_webhooks_of_v1beta1_are_laxer() -> None:
    webhook = defaulted(20, ADMISSION + "v1beta1.ValidatingWebhook", {})
    assert (webhook["failurePolicy"], webhook["matchPolicy"], webhook["timeoutSeconds"]) == ("Ignore", "Exact", 30)
    assert (webhook["sideEffects"], webhook["admissionReviewVersions"]) == ("Unknown", ["v1beta1"])


@pytest.mark.parametrize(
    ("minor", "name", "field", "there"),
    [
        (20, APPS + "RollingUpdateDaemonSet", "maxSurge", False),
        (37, APPS + "RollingUpdateDaemonSet", "maxSurge", True),
        (19, CORE + "ServiceSpec", "internalTrafficPolicy", False),
        (37, CORE + "ServiceSpec", "internalTrafficPolicy", True),
        (20, "io.k8s.api.batch.v1.JobSpec", "completionMode", False),
    ],
)
def test_a_field_that_the_minor_does_not_have_gets_no_default(minor: int, name: str, field: str, there: bool) -> None:
    assert (field in defaulted(minor, name, {})) is there


def test_every_default_is_of_a_type_and_a_field_that_some_minor_has() -> None:
    file = DataFile()
    missing = {(name, field) for name, defaults in DEFAULTS.items() for field in defaults}
    for minor in (12, 20, 28, 37):
        for package in file.packages():
            for short in file.block(package).names(minor):
                keys = (".".join((*package.rsplit(".", 2)[1:], short)), short)
                properties = file.block(package).definition(short, minor).get("properties") or {}
                missing -= {(key, field) for key in keys for field in properties}
    assert not missing


def test_a_type_without_defaults_is_left_as_it_is() -> None:
    definition = {"properties": {"protocol": {"type": "string"}}}
    assert with_defaults("io.k8s.api.core.v1.Unheard", definition) is definition
    assert with_defaults("io.k8s.api.core.v1.ContainerPort", {"type": "object"}) == {"type": "object"}
    with_defaults("io.k8s.api.core.v1.ContainerPort", definition)
    assert definition == {"properties": {"protocol": {"type": "string"}}}
