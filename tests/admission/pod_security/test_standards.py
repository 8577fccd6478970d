from typing import Any

import pytest

from steersman.admission.pod_security.level import BASELINE, PRIVILEGED, RESTRICTED, Standard
from steersman.admission.pod_security.pod_parts import pod_parts
from steersman.admission.pod_security.standards import Standards, in_detail

HARDENED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
ESCALATION = 'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)'
CAPABILITIES = 'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])'
NON_ROOT = 'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)'
SECCOMP = (
    'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type'
    ' to "RuntimeDefault" or "Localhost")'
)
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
ALPHA = "seccomp.security.alpha.kubernetes.io/pod"


def told(level: str, spec: Any, minor: int | None = None, annotations: Any = None, server: int = 37) -> str:
    pod = pod_parts({"annotations": annotations}, spec)
    return in_detail(Standards(server).violations(Standard(level, minor), pod))


def container(name: str = "a", /, security: Any = None, **more: Any) -> Any:
    return {"name": name, "image": "a:1"} | ({} if security is None else {"securityContext": security}) | more


def one(security: Any = None, **more: Any) -> Any:
    return {"containers": [container(security=security, **more)]}


def hardened(**more: Any) -> Any:
    return {"containers": [container(security=HARDENED)], **more}


def of_pod(security: Any) -> Any:
    return {"securityContext": security, "containers": [container()]}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (one({"privileged": True}), 'privileged (container "a" must not set securityContext.privileged=true)'),
        (one({"privileged": False}), ""),
        (
            {
                "initContainers": [container("i", {"privileged": True})],
                "containers": [container()],
                "ephemeralContainers": [container("e", {"privileged": True})],
            },
            'privileged (containers "i", "e" must not set securityContext.privileged=true)',
        ),
        (
            {"hostNetwork": True, "hostPID": True, "hostIPC": True, "containers": [container()]},
            "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)",
        ),
        (
            {"volumes": [{"name": "h", "hostPath": {"path": "/"}}], "containers": [container()]},
            'hostPath volumes (volume "h")',
        ),
        (
            one(ports=[{"hostPort": 8080, "containerPort": 1}, {"hostPort": 443, "containerPort": 2}]),
            'hostPort (container "a" uses hostPorts 443, 8080)',
        ),
        (one(ports=[{"hostPort": 0, "containerPort": 1}]), ""),
        (
            {"containers": [container(x, ports=[{"hostPort": 80, "containerPort": 1}]) for x in ("a", "b")]},
            'hostPort (containers "a", "b" use hostPort 80)',
        ),
        (
            one({"capabilities": {"add": ["NET_RAW", "CHOWN", "BPF"]}}),
            'non-default capabilities (container "a" must not include "BPF", "NET_RAW"'
            " in securityContext.capabilities.add)",
        ),
        (
            one({"procMount": "Unmasked"}),
            'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
        ),
        (one({"procMount": "Default"}), ""),
        (
            one({"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            of_pod({"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (of_pod({"seccompProfile": {"type": "Localhost", "localhostProfile": "x"}}), ""),
        (
            {
                "securityContext": {"seLinuxOptions": {"type": "spc_t"}},
                "containers": [container(security={"seLinuxOptions": {"user": "u", "role": "r"}})],
            },
            'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions:'
            ' type "spc_t"; user may not be set; role may not be set)',
        ),
        (of_pod({"seLinuxOptions": {"type": "container_t", "level": "s0"}}), ""),
        (
            of_pod({"sysctls": [{"name": "kernel.msgmax"}, {"name": "net.ipv4.tcp_rmem"}, {"name": "a.b"}]}),
            "forbidden sysctls (kernel.msgmax, a.b)",
        ),
        (
            of_pod({"windowsOptions": {"hostProcess": True}}),
            "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
        ),
        (
            one({"appArmorProfile": {"type": "Unconfined"}}),
            'forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")',
        ),
        (of_pod({"appArmorProfile": {"type": "RuntimeDefault"}}), ""),
        (
            one(livenessProbe={"httpGet": {"host": "10.0.0.1"}}, lifecycle={"preStop": {"tcpSocket": {"host": "x"}}}),
            'probe or lifecycle host (container "a" uses probe or lifecycle hosts "10.0.0.1", "x")',
        ),
        (one(readinessProbe={"httpGet": {"port": 80}}), ""),
        (
            {"hostPID": True, "containers": [container(security={"privileged": True})]},
            'host namespaces (hostPID=true), privileged (container "a" must not set securityContext.privileged=true)',
        ),
    ],
)
def test_baseline(spec: Any, message: str) -> None:
    assert told(BASELINE, spec) == message


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({f"{APP_ARMOR}a": "runtime/default", f"{APP_ARMOR}b": "localhost/x", "x": "unconfined"}, ""),
        (
            {f"{APP_ARMOR}a": "unconfined"},
            "forbidden AppArmor profile (annotation must not set AppArmor profile type to"
            f' "{APP_ARMOR}a="unconfined"")',
        ),
    ],
)
def test_app_armor_by_annotation(annotations: Any, message: str) -> None:
    assert told(BASELINE, one(), annotations=annotations) == message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (hardened(), ""),
        (one(), ", ".join((ESCALATION, CAPABILITIES, NON_ROOT, SECCOMP))),
        (
            {"containers": [container(security=HARDENED | {"runAsNonRoot": False, "runAsUser": 0})]},
            'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false),'
            ' runAsUser=0 (container "a" must not set runAsUser=0)',
        ),
        (
            hardened(securityContext={"runAsNonRoot": False, "runAsUser": 0}),
            "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false),"
            " runAsUser=0 (pod must not set runAsUser=0)",
        ),
        (
            {"containers": [container(security=HARDENED | {"capabilities": {"drop": ["X"], "add": ["NET_RAW"]}})]},
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"];'
            ' container "a" must not include "NET_RAW" in securityContext.capabilities.add)',
        ),
        (
            {"containers": [container(security=HARDENED | {"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}})]},
            'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
        ),
        (
            hardened(volumes=[{"name": "h", "hostPath": {"path": "/"}}, {"name": "n", "nfs": {}}, {"name": "u"}]),
            'restricted volume types (volumes "h", "n", "u" use restricted volume types "hostPath", "nfs", "unknown")',
        ),
        (hardened(volumes=[{"name": "e", "emptyDir": {}}, {"name": "i", "image": {"reference": "x"}}]), ""),
        (
            hardened(securityContext={"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            hardened(hostNetwork=True),
            "host namespaces (hostNetwork=true)",
        ),
    ],
)
def test_restricted(spec: Any, message: str) -> None:
    assert told(RESTRICTED, spec) == message


@pytest.mark.parametrize(
    ("level", "spec", "first", "before", "since"),
    [
        (RESTRICTED, {"os": {"name": "windows"}, **one({"runAsNonRoot": True})}, 25, None, ""),
        (RESTRICTED, hardened(securityContext={"runAsUser": 0}), 23, "", "runAsUser=0 (pod must not set runAsUser=0)"),
        (RESTRICTED, one(HARDENED | {"capabilities": {}}), 22, "", CAPABILITIES),
        (RESTRICTED, one({name: HARDENED[name] for name in HARDENED if name != "seccompProfile"}), 19, "", SECCOMP),
        (
            RESTRICTED,
            one({name: HARDENED[name] for name in HARDENED if name != "allowPrivilegeEscalation"}),
            8,
            "",
            ESCALATION,
        ),
        (RESTRICTED, {"hostUsers": False, **one(HARDENED | {"runAsNonRoot": None, "runAsUser": 0})}, 35, None, ""),
        (BASELINE, {"hostUsers": False, **one({"procMount": "Unmasked"})}, 35, None, ""),
        (
            BASELINE,
            one(startupProbe={"tcpSocket": {"host": "h"}}),
            34,
            "",
            'probe or lifecycle host (container "a" uses probe or lifecycle host "h")',
        ),
        (BASELINE, of_pod({"seLinuxOptions": {"type": "container_engine_t"}}), 31, None, ""),
        (BASELINE, of_pod({"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports"}]}), 27, None, ""),
        (BASELINE, of_pod({"sysctls": [{"name": "net.ipv4.tcp_keepalive_time"}]}), 29, None, ""),
        (BASELINE, of_pod({"sysctls": [{"name": "net.ipv4.tcp_wmem"}]}), 32, None, ""),
        (BASELINE, of_pod({"sysctls": [{"name": "net.ipv4.tcp_notsent_lowat"}]}), 37, None, ""),
    ],
)
def test_what_a_version_brings(level: str, spec: Any, first: int, before: str | None, since: str) -> None:
    """``before`` is None where the older version only has to refuse."""
    older = told(level, spec, first - 1)

    assert older == before if before is not None else older
    assert [told(level, spec, minor) for minor in (first, 37, 99, None)] == [since] * 4
    assert told(level, spec, server=first - 1) == older


def test_user_namespaces_do_not_unmask_proc_in_the_restricted_standard() -> None:
    spec = {"hostUsers": False, **one(HARDENED | {"procMount": "Unmasked"})}

    assert told(RESTRICTED, spec) == 'procMount (container "a" must not set securityContext.procMount to "Unmasked")'


def test_seccomp_was_an_annotation_once() -> None:
    annotations = {ALPHA: "unconfined", "container.seccomp.security.alpha.kubernetes.io/a": "docker/default"}

    assert told(BASELINE, one(), 18, annotations) == f'seccompProfile (forbidden annotation {ALPHA}="unconfined")'
    assert told(BASELINE, one(), 19, annotations) == ""


def test_privileged_lets_everything_pass() -> None:
    assert told(PRIVILEGED, {"hostPID": True, **one({"privileged": True})}) == ""
