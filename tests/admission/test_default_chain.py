"""What is on if nothing else is said, all of it together."""

from typing import Any

from tests.admission.plugin_server import pod

from steersman.admission import catalog
from steersman.admission.selection import AdmissionOptions, selected_names
from steersman.client import Client
from steersman.client.kinds import core_v1
from steersman.controlplane import ControlPlane

ON = (
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "TaintNodesByCondition",
    "Priority",
    "DefaultTolerationSeconds",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
)
"""In the order in which they are asked."""


def test_the_order_is_that_of_kube_apiserver() -> None:
    assert [name for name in selected_names(AdmissionOptions()) if name in ON] == list(ON)


async def test_a_pod_gets_what_each_of_them_gives() -> None:
    async with ControlPlane() as server, Client(server.client_config()) as client:
        limit: Any = {"metadata": {"name": "x"}, "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}}
        await client.resource(core_v1.LIMIT_RANGES).create(limit)

        spec = (await client.resource(core_v1.PODS).create(pod()))["spec"]

    assert (spec.get("serviceAccountName"), len(spec.get("volumes", []))) == ("default", 1)
    assert (spec.get("priority"), spec.get("preemptionPolicy")) == (0, "PreemptLowerPriority")
    assert [one.get("key") for one in spec.get("tolerations", [])] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    assert spec["containers"][0].get("resources") == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}


def test_plain_objects_meet_none_of_those_for_one_kind() -> None:
    for name in ON[1:14]:
        plugin: Any = catalog.factory(name)

        assert not plugin.resources & {core_v1.CONFIG_MAPS.group_resource, core_v1.SECRETS.group_resource}
