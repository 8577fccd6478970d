"""The checks that the restricted standard has beyond the baseline one: what hardens a Pod.

Specified in "Pod Security Standards", section Restricted.
"""

from steersman.admission.pod_security.baseline import Check, has_bad_seccomp, seccomp_profile
from steersman.admission.pod_security.pod_parts import PodParts, Violation, named, quoted, setters, uses
from steersman.apiserver.registry.resource import Object

VOLUME_TYPES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
"""Volumes that may be used."""

_OTHER_VOLUME_TYPES = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)
_UNKNOWN_VOLUME_TYPE = "unknown"


def allow_privilege_escalation(pod: PodParts) -> Violation | None:
    names = pod.names_where(lambda context: context.get("allowPrivilegeEscalation") is not False)
    if not names:
        return None
    detail = f"{named('container', names)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail)


def capabilities(pod: PodParts) -> Violation | None:
    def added(context: Object) -> set[str]:
        return {*((context.get("capabilities") or {}).get("add") or ())} - {"NET_BIND_SERVICE"}

    details = []
    keeping = pod.names_where(lambda context: "ALL" not in ((context.get("capabilities") or {}).get("drop") or ()))
    if keeping:
        details.append(f'{named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]')
    adding = pod.names_where(lambda context: bool(added(context)))
    if adding:
        wrong = sorted(set().union(*(added(one.security_context) for one in pod.containers)))
        who = named("container", adding)
        details.append(f"{who} must not include {quoted(wrong)} in securityContext.capabilities.add")
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


def run_as_non_root(pod: PodParts) -> Violation | None:
    field, reason = "runAsNonRoot", "runAsNonRoot != true"
    who = setters(
        pod.security_context.get(field) is False, pod.names_where(lambda context: context.get(field) is False)
    )
    if who:
        return Violation(reason, f"{who} must not set securityContext.runAsNonRoot=false")
    if pod.security_context.get(field):
        return None
    open_ = pod.names_where(lambda context: context.get(field) is None)
    if not open_:
        return None
    return Violation(reason, f"pod or {named('container', open_)} must set securityContext.runAsNonRoot=true")


def run_as_user(pod: PodParts) -> Violation | None:
    def is_root(context: Object) -> bool:
        return context.get("runAsUser") == 0

    who = setters(is_root(pod.security_context), pod.names_where(is_root))
    return Violation("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def seccomp_is_set(pod: PodParts) -> Violation | None:
    wrong = seccomp_profile(pod)
    if wrong is not None:
        return wrong
    context = pod.security_context
    if context.get("seccompProfile") is not None and not has_bad_seccomp(context):
        return None
    open_ = pod.names_where(lambda context: context.get("seccompProfile") is None)
    if not open_:
        return None
    must = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Violation("seccompProfile", f"pod or {named('container', open_)} {must}")


def volume_types(pod: PodParts) -> Violation | None:
    bad = [volume for volume in pod.volumes() if not any(volume.get(type_) is not None for type_ in VOLUME_TYPES)]
    if not bad:
        return None
    names = [volume.get("name") or "" for volume in bad]
    types = named("restricted volume type", sorted({_type_of(volume) for volume in bad}))
    return Violation("restricted volume types", f"{named('volume', names)} {uses(len(bad))} {types}")


def unless_windows(check: Check) -> Check:
    """Where a Pod runs on Windows, the fields that the check wants may not be set."""
    return lambda pod: None if pod.is_windows else check(pod)


def _type_of(volume: Object) -> str:
    return next((type_ for type_ in _OTHER_VOLUME_TYPES if volume.get(type_) is not None), _UNKNOWN_VOLUME_TYPE)
