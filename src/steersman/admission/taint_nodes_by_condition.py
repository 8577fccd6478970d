"""TaintNodesByCondition: a new Node takes no Pods until it is known to be ready.

Whoever watches over nodes removes the taint. Without it, Pods would be put on a node whose conditions nobody has
turned into taints yet.
"""

from steersman.admission.configuration import Unconfigured
from steersman.admission.pod_spec import objects_in, spec_of
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes

NODES = GroupResource("", "nodes")
TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


class TaintNodesByCondition(Unconfigured):
    name = "TaintNodesByCondition"
    operations = frozenset((CREATE,))
    resources = frozenset((NODES,))

    def admit(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        spec = spec_of(attributes.object)
        taints = [taint for _, taint in objects_in(spec.get("taints"))]
        if not any(all(taint.get(field) == value for field, value in TAINT.items()) for taint in taints):
            spec["taints"] = [*taints, dict(TAINT)]
