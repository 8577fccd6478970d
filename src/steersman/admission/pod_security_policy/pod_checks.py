"""What is wrong with a Pod under a policy."""

from collections.abc import Iterator
from posixpath import normpath

from steersman.admission.pod_security_policy.container_checks import check_container, check_selinux
from steersman.admission.pod_security_policy.profiles import (
    SECCOMP_POD,
    annotations_of,
    check_seccomp,
    seccomp_profile,
)
from steersman.admission.pod_security_policy.rules import context_of, id_rule
from steersman.admission.pod_spec import containers, objects_in
from steersman.apimachinery.errors import FieldError, field_forbidden, field_invalid, render_value
from steersman.apiserver.registry.resource import Object

_AT = "spec.securityContext"
_HOST = {"hostNetwork": "Host network", "hostPID": "Host PID", "hostIPC": "Host IPC"}
_ALL = "*"
_SAFE_SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    )
)
_DRIVERS = {
    "flexVolume": ("allowedFlexVolumes", "driver", ".driver", "Flexvolume driver"),
    "csi": ("allowedCSIDrivers", "name", ".csi.driver", "Inline CSI driver"),
}
"""Volume source to the policy's list of drivers, what names one in it, the path of errors, and what they call it."""


def check_pod(policy: Object, pod: Object) -> list[FieldError]:
    """All that is wrong, in the order in which kube-apiserver lists it."""
    return list(_problems(policy, pod))


def _problems(policy: Object, pod: Object) -> Iterator[FieldError]:
    rules, spec = policy.get("spec") or {}, pod.get("spec") or {}
    context = context_of(spec)
    fs_group = context.get("fsGroup")
    yield from id_rule(rules.get("fsGroup")).check_groups(f"{_AT}.fsGroup", [] if fs_group is None else [fs_group])
    groups = context.get("supplementalGroups") or []
    yield from id_rule(rules.get("supplementalGroups")).check_groups(f"{_AT}.supplementalGroups", groups)
    profile = seccomp_profile(annotations_of(pod), SECCOMP_POD, context)
    yield from check_seccomp(annotations_of(policy), profile, SECCOMP_POD)
    yield from check_selinux(rules, f"{_AT}.seLinuxOptions", context.get("seLinuxOptions"))
    for member, spoken in _HOST.items():
        if spec.get(member) and not rules.get(member):
            yield field_invalid(f"{_AT}.{member}", True, f"{spoken} is not allowed to be used")
    yield from _check_sysctls(rules, context)
    yield from _check_volumes(rules, pod)
    runtime_class, allowed = spec.get("runtimeClassName"), rules.get("runtimeClass")
    if runtime_class is not None and allowed is not None:
        names = allowed.get("allowedRuntimeClassNames") or ()
        if runtime_class not in names and _ALL not in names:
            told = f"Invalid value: {render_value(runtime_class)}"
            yield FieldError("FieldValueInvalid", "spec.runtimeClassName", told)
    for path, container in containers(pod):
        yield from check_container(policy, pod, path, container, profile)


def _check_sysctls(rules: Object, context: Object) -> Iterator[FieldError]:
    for at, sysctl in objects_in(context.get("sysctls")):
        name, path = sysctl.get("name") or "", f"pod.{_AT}.sysctls[{at}]"
        if _matches(name, rules.get("forbiddenSysctls") or ()):
            yield field_forbidden(path, f'sysctl "{name}" is not allowed')
        elif name not in _SAFE_SYSCTLS and not _matches(name, rules.get("allowedUnsafeSysctls") or ()):
            yield field_forbidden(path, f'unsafe sysctl "{name}" is not allowed')


def _matches(name: str, patterns: list[str] | tuple[str, ...]) -> bool:
    """A pattern is a name, or the beginning of one and an asterisk."""
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith(_ALL) else name == pattern for pattern in patterns if pattern
    )


def _check_volumes(rules: Object, pod: Object) -> Iterator[FieldError]:
    allowed = rules.get("volumes") or ()
    for at, volume in objects_in((pod.get("spec") or {}).get("volumes")):
        path = f"spec.volumes[{at}]"
        source = next((key for key, value in volume.items() if key != "name" and value is not None), "")
        if _ALL not in allowed and source not in allowed:
            yield field_invalid(path, source, f"{source} volumes are not allowed to be used")
        elif source == "hostPath":
            yield from _check_host_path(rules, pod, path, volume)
        elif source in _DRIVERS:
            listed, name, tail, spoken = _DRIVERS[source]
            drivers = [one.get(name) for _, one in objects_in(rules.get(listed))]
            driver = volume[source].get("driver") or ""
            if drivers and driver not in drivers:
                yield field_invalid(path + tail, driver, f"{spoken} is not allowed to be used")


def _check_host_path(rules: Object, pod: Object, path: str, volume: Object) -> Iterator[FieldError]:
    listed = [one for _, one in objects_in(rules.get("allowedHostPaths"))]
    host_path = volume["hostPath"].get("path") or ""
    matching = [one for one in listed if _is_below(host_path, one.get("pathPrefix") or "")]
    if listed and not matching:
        yield field_invalid(f"{path}.hostPath.pathPrefix", host_path, "is not allowed to be used")
    if not matching or not all(one.get("readOnly") for one in matching):
        return
    for at, container in containers(pod):
        for place, mount in objects_in(container.get("volumeMounts")):
            if mount.get("name") == volume.get("name") and not mount.get("readOnly"):
                yield field_invalid(f"{at}.volumeMounts[{place}].readOnly", False, "must be read-only")


def _is_below(path: str, prefix: str) -> bool:
    """Whole segments count: ``/foo`` is before ``/foo/bar``, not before ``/food``."""
    return bool(prefix) and f"{_clean(path)}/".startswith(f"{_clean(prefix)}/")


def _clean(path: str) -> str:
    return normpath(f"/{path.lstrip('/')}").rstrip("/")
