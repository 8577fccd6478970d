"""The checks of the baseline standard: what is known to let a Pod out of its container.

Specified in "Pod Security Standards", section Baseline.
"""

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from steersman.admission.pod_security.pod_parts import PodParts, Violation, named, plural, quoted, setters, uses
from steersman.apiserver.registry.resource import Object

Check = Callable[[PodParts], Violation | None]

_APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
_CONTAINER_SECCOMP_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
_SECCOMP_ANNOTATION_VALUES = frozenset(("runtime/default", "docker/default"))
_PROFILE_TYPES = frozenset(("RuntimeDefault", "Localhost"))

DEFAULT_CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)

SELINUX_TYPES = frozenset(("", "container_t", "container_init_t", "container_kvm_t"))
SELINUX_TYPES_1_31 = SELINUX_TYPES | {"container_engine_t"}

SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    )
)
SYSCTLS_1_27 = SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
SYSCTLS_1_29 = SYSCTLS_1_27 | {
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
SYSCTLS_1_32 = SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
SYSCTLS_1_37 = SYSCTLS_1_32 | {"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"}


def app_armor_profile(pod: PodParts) -> Violation | None:
    def is_bad(context: Object) -> bool:
        profile = context.get("appArmorProfile")
        return profile is not None and profile.get("type") not in _PROFILE_TYPES

    who = setters(is_bad(pod.security_context), pod.names_where(is_bad))
    contexts = (pod.security_context, *(one.security_context for one in pod.containers))
    values = sorted({context["appArmorProfile"].get("type") or "" for context in contexts if is_bad(context)})
    annotations = sorted(
        f"{key}={_go_quoted(value)}"
        for key, value in pod.annotations.items()
        if key.startswith(_APP_ARMOR_ANNOTATION) and value not in ("", "runtime/default")
        if not value.startswith("localhost/")
    )
    if annotations:
        who = " and ".join(filter(None, (who, plural("annotation", len(annotations)))))
    if not who:
        return None
    values += annotations
    reason = plural("forbidden AppArmor profile", len(values))
    return Violation(reason, f"{who} must not set AppArmor profile type to {quoted(values)}")


def capabilities(pod: PodParts) -> Violation | None:
    def added(context: Object) -> set[str]:
        return {*((context.get("capabilities") or {}).get("add") or ())} - DEFAULT_CAPABILITIES

    names = pod.names_where(lambda context: bool(added(context)))
    if not names:
        return None
    wrong = sorted(set().union(*(added(one.security_context) for one in pod.containers)))
    detail = f"{named('container', names)} must not include {quoted(wrong)} in securityContext.capabilities.add"
    return Violation("non-default capabilities", detail)


def host_namespaces(pod: PodParts) -> Violation | None:
    shared = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(field)]
    return Violation("host namespaces", ", ".join(shared)) if shared else None


def host_path_volumes(pod: PodParts) -> Violation | None:
    names = [volume.get("name") or "" for volume in pod.volumes() if volume.get("hostPath") is not None]
    return Violation("hostPath volumes", named("volume", names)) if names else None


def host_ports(pod: PodParts) -> Violation | None:
    def ports(container: Object) -> set[str]:
        return {str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")}

    names = [one.name for one in pod.containers if ports(one.spec)]
    if not names:
        return None
    listed = sorted(set().union(*(ports(one.spec) for one in pod.containers)))
    what = f"{plural('hostPort', len(listed))} {', '.join(listed)}"
    return Violation("hostPort", f"{named('container', names)} {uses(len(names))} {what}")


def host_probes_and_lifecycle(pod: PodParts) -> Violation | None:
    hosts = {one.name: {*_hosts(one.spec)} for one in pod.containers}
    names = sorted(name for name, found in hosts.items() if found)
    if not names:
        return None
    what = named("probe or lifecycle host", sorted(set().union(*hosts.values())))
    return Violation("probe or lifecycle host", f"{named('container', names)} {uses(len(names))} {what}")


def privileged(pod: PodParts) -> Violation | None:
    names = pod.names_where(lambda context: context.get("privileged") is True)
    if not names:
        return None
    return Violation("privileged", f"{named('container', names)} must not set securityContext.privileged=true")


def proc_mount(pod: PodParts) -> Violation | None:
    def is_bad(context: Object) -> bool:
        return context.get("procMount") not in (None, "Default")

    names = pod.names_where(is_bad)
    if not names:
        return None
    values = sorted({one.security_context["procMount"] for one in pod.containers if is_bad(one.security_context)})
    return Violation(
        "procMount", f"{named('container', names)} must not set securityContext.procMount to {quoted(values)}"
    )


def seccomp_annotations(pod: PodParts) -> Violation | None:
    """Before profiles were fields."""
    keys = {_SECCOMP_ANNOTATION, *(f"{_CONTAINER_SECCOMP_ANNOTATION}{one.name}" for one in pod.containers)}
    wrong = sorted(
        f"{key}={_go_quoted(pod.annotations[key])}"
        for key in keys & pod.annotations.keys()
        if pod.annotations[key] not in _SECCOMP_ANNOTATION_VALUES
        if not pod.annotations[key].startswith("localhost/")
    )
    if not wrong:
        return None
    return Violation("seccompProfile", f"forbidden {plural('annotation', len(wrong))} {', '.join(wrong)}")


def seccomp_profile(pod: PodParts) -> Violation | None:
    who = setters(has_bad_seccomp(pod.security_context), pod.names_where(has_bad_seccomp))
    if not who:
        return None
    contexts = (pod.security_context, *(one.security_context for one in pod.containers))
    values = sorted({context["seccompProfile"].get("type") or "" for context in contexts if has_bad_seccomp(context)})
    return Violation("seccompProfile", f"{who} must not set securityContext.seccompProfile.type to {quoted(values)}")


def has_bad_seccomp(context: Object) -> bool:
    profile = context.get("seccompProfile")
    return profile is not None and profile.get("type") not in _PROFILE_TYPES


def se_linux_options(allowed: frozenset[str]) -> Check:
    """``allowed`` are types."""

    def is_bad(context: Object) -> bool:
        options = context.get("seLinuxOptions") or {}
        return (options.get("type") or "") not in allowed or bool(options.get("user") or options.get("role"))

    def check(pod: PodParts) -> Violation | None:
        who = setters(is_bad(pod.security_context), pod.names_where(is_bad))
        if not who:
            return None
        contexts = (pod.security_context, *(one.security_context for one in pod.containers))
        options: list[Any] = [context.get("seLinuxOptions") or {} for context in contexts]
        types = sorted({one.get("type") or "" for one in options} - allowed)
        wrong = [named("type", types)] if types else []
        wrong += [f"{part} may not be set" for part in ("user", "role") if any(one.get(part) for one in options)]
        return Violation("seLinuxOptions", f"{who} set forbidden securityContext.seLinuxOptions: {'; '.join(wrong)}")

    return check


def sysctls(allowed: frozenset[str]) -> Check:
    def check(pod: PodParts) -> Violation | None:
        names = [one.get("name") or "" for one in pod.security_context.get("sysctls") or ()]
        wrong = [name for name in names if name not in allowed]
        return Violation("forbidden sysctls", ", ".join(wrong)) if wrong else None

    return check


def windows_host_process(pod: PodParts) -> Violation | None:
    def is_bad(context: Object) -> bool:
        return (context.get("windowsOptions") or {}).get("hostProcess") is True

    who = setters(is_bad(pod.security_context), pod.names_where(is_bad))
    if not who:
        return None
    return Violation("hostProcess", f"{who} must not set securityContext.windowsOptions.hostProcess=true")


def unless_user_namespace(check: Check) -> Check:
    """A Pod with users of its own may do what others may not (KEP-127)."""
    return lambda pod: None if pod.has_user_namespace else check(pod)


def _hosts(container: Object) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(probe) for probe in ("livenessProbe", "readinessProbe", "startupProbe")]
    handlers += [lifecycle.get("postStart"), lifecycle.get("preStop")]
    for handler in filter(None, handlers):
        for action in ("httpGet", "tcpSocket"):
            host = (handler.get(action) or {}).get("host")
            if host:
                yield host


def _go_quoted(value: str) -> str:
    return orjson.dumps(value).decode()
