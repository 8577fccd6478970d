"""DefaultTolerationSeconds: a Pod stays five minutes on a node that is not ready or not reached, if it says no more."""

from steersman.admission import tolerations
from steersman.admission.configuration import Unconfigured
from steersman.admission.pod_spec import PODS, spec_of
from steersman.apiserver.admission import CREATE, UPDATE, Attributes

TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
SECONDS = 300


class DefaultTolerationSeconds(Unconfigured):
    name = "DefaultTolerationSeconds"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def admit(self, attributes: Attributes) -> None:
        if attributes.subresource or attributes.object is None:
            return
        spec = spec_of(attributes.object)
        present = tolerations.of_pod(spec)
        of_leaving = [one for one in present if (one.get("effect") or tolerations.NO_EXECUTE) == tolerations.NO_EXECUTE]
        known = {one.get("key") or "" for one in of_leaving}
        if "" not in known:
            spec["tolerations"] = [*present, *(_for(taint) for taint in TAINTS if taint not in known)]


def _for(taint: str) -> tolerations.Toleration:
    return {
        "key": taint,
        "operator": tolerations.EXISTS,
        "effect": tolerations.NO_EXECUTE,
        "tolerationSeconds": SECONDS,
    }
