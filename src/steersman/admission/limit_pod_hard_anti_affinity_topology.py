"""LimitPodHardAntiAffinityTopology: a Pod may keep others off its node, not off a whole zone."""

from steersman.admission.configuration import Unconfigured
from steersman.admission.pod_spec import PODS, objects_in
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import CREATE, UPDATE, Attributes

HOSTNAME = "kubernetes.io/hostname"


class LimitPodHardAntiAffinityTopology(Unconfigured):
    name = "LimitPodHardAntiAffinityTopology"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def validate(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        affinity = (attributes.object.get("spec") or {}).get("affinity") or {}
        terms = (affinity.get("podAntiAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
        for _, term in objects_in(terms):
            key = term.get("topologyKey") or ""
            if key != HOSTNAME:
                message = (
                    "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey"
                    f" {key} but only key {HOSTNAME} is allowed"
                )
                raise forbidden(PODS, attributes.name, message)
