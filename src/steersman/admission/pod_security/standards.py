"""The Pod Security Standards, version by version: which checks each level has.

Specified in "Pod Security Standards"; the order is that of the checks' names, the baseline ones first.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from steersman.admission.pod_security import baseline, restricted
from steersman.admission.pod_security.baseline import Check, unless_user_namespace
from steersman.admission.pod_security.level import BASELINE, PRIVILEGED, Standard
from steersman.admission.pod_security.pod_parts import PodParts, Violation
from steersman.admission.pod_security.restricted import unless_windows

LAST_MINOR = 37
"""The last version with a change of any check; later ones are like it."""

Versions = tuple[tuple[int, Check], ...]
"""Since which minor which check, the oldest first."""

_BASELINE: Mapping[str, Versions] = {
    "appArmorProfile": ((0, baseline.app_armor_profile),),
    "capabilities_baseline": ((0, baseline.capabilities),),
    "hostNamespaces": ((0, baseline.host_namespaces),),
    "hostPathVolumes": ((0, baseline.host_path_volumes),),
    "hostPorts": ((0, baseline.host_ports),),
    "hostProbesAndHostLifecycle": ((34, baseline.host_probes_and_lifecycle),),
    "privileged": ((0, baseline.privileged),),
    "procMount": ((0, baseline.proc_mount), (35, unless_user_namespace(baseline.proc_mount))),
    "seLinuxOptions": (
        (0, baseline.se_linux_options(baseline.SELINUX_TYPES)),
        (31, baseline.se_linux_options(baseline.SELINUX_TYPES_1_31)),
    ),
    "seccompProfile_baseline": ((0, baseline.seccomp_annotations), (19, baseline.seccomp_profile)),
    "sysctls": (
        (0, baseline.sysctls(baseline.SYSCTLS)),
        (27, baseline.sysctls(baseline.SYSCTLS_1_27)),
        (29, baseline.sysctls(baseline.SYSCTLS_1_29)),
        (32, baseline.sysctls(baseline.SYSCTLS_1_32)),
        (37, baseline.sysctls(baseline.SYSCTLS_1_37)),
    ),
    "windowsHostProcess": ((0, baseline.windows_host_process),),
}

_RESTRICTED: Mapping[str, Versions] = {
    "allowPrivilegeEscalation": (
        (8, restricted.allow_privilege_escalation),
        (25, unless_windows(restricted.allow_privilege_escalation)),
    ),
    "capabilities_restricted": ((22, restricted.capabilities), (25, unless_windows(restricted.capabilities))),
    "procMount_restricted": ((35, baseline.proc_mount),),
    "restrictedVolumes": ((0, restricted.volume_types),),
    "runAsNonRoot": ((0, restricted.run_as_non_root), (35, unless_user_namespace(restricted.run_as_non_root))),
    "runAsUser": ((23, restricted.run_as_user), (35, unless_user_namespace(restricted.run_as_user))),
    "seccompProfile_restricted": ((19, restricted.seccomp_is_set), (25, unless_windows(restricted.seccomp_is_set))),
}

_STRICTER_THAN = MappingProxyType(
    {
        "capabilities_restricted": "capabilities_baseline",
        "procMount_restricted": "procMount",
        "restrictedVolumes": "hostPathVolumes",
        "seccompProfile_restricted": "seccompProfile_baseline",
    }
)
"""Checks that say all that the baseline one does."""


class Standards:
    """What each standard wants, up to the version that the server is."""

    def __init__(self, minor: int) -> None:
        """``minor``: no version is later; ``latest`` means this one."""
        self._last = min(minor, LAST_MINOR)
        self._baseline = [tuple(_in_force(_BASELINE, version).values()) for version in range(self._last + 1)]
        self._restricted = [tuple(_all_restricted(version)) for version in range(self._last + 1)]

    def violations(self, standard: Standard, pod: PodParts) -> list[Violation]:
        if standard.level == PRIVILEGED:
            return []
        minor = self._last if standard.minor is None else min(standard.minor, self._last)
        checks = (self._baseline if standard.level == BASELINE else self._restricted)[minor]
        return [violation for check in checks if (violation := check(pod)) is not None]


def in_detail(violations: list[Violation]) -> str:
    return ", ".join(f"{reason} ({detail})" if detail else reason for reason, detail in violations)


def _all_restricted(minor: int) -> Iterator[Check]:
    own = _in_force(_RESTRICTED, minor)
    covered = {_STRICTER_THAN.get(name) for name in own}
    for name, check in _in_force(_BASELINE, minor).items():
        if name not in covered:
            yield check
    yield from own.values()


def _in_force(checks: Mapping[str, Versions], minor: int) -> dict[str, Check]:
    found = {}
    for name in sorted(checks):
        for since, check in checks[name]:
            if since <= minor:
                found[name] = check
    return found
