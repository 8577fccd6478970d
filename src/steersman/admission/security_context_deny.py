"""SecurityContextDeny: no Pod says as which user or group, or under which SELinux label, it runs."""

from typing import Any

from steersman.admission.configuration import Unconfigured
from steersman.admission.pod_spec import PODS, containers
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import CREATE, UPDATE, Attributes

Denied = tuple[tuple[str, str], ...]

_OF_POD: Denied = (
    ("supplementalGroups", "pod.Spec.SecurityContext.SupplementalGroups is forbidden"),
    ("seLinuxOptions", "pod.Spec.SecurityContext.SELinuxOptions is forbidden"),
    ("runAsUser", "pod.Spec.SecurityContext.RunAsUser is forbidden"),
    ("fsGroup", "pod.Spec.SecurityContext.FSGroup is forbidden"),
)
_OF_CONTAINER: Denied = (
    ("seLinuxOptions", "SecurityContext.SELinuxOptions is forbidden"),
    ("runAsUser", "SecurityContext.RunAsUser is forbidden"),
)


class SecurityContextDeny(Unconfigured):
    name = "SecurityContextDeny"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def validate(self, attributes: Attributes) -> None:
        pod = attributes.object
        if pod is None or attributes.subresource not in ("", "ephemeralcontainers"):
            return
        checked: list[tuple[Any, Denied]] = [((pod.get("spec") or {}).get("securityContext"), _OF_POD)]
        checked += [(container.get("securityContext"), _OF_CONTAINER) for _, container in containers(pod)]
        for security_context, denied in checked:
            for field, message in denied:
                if (security_context or {}).get(field) is not None:
                    raise forbidden(PODS, attributes.name, message)
