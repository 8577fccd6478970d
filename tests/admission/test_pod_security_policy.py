from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal
from tests.admission.user_server import As, serving_users

from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.kinds import core_v1, rbac_v1

PLUGIN = "PodSecurityPolicy"
GROUP = "policy"
POLICIES = ApiResource(GROUP, "v1beta1", "podsecuritypolicies", "PodSecurityPolicy", False, DICTS)
OLD_POLICIES = ApiResource("extensions", "v1beta1", "podsecuritypolicies", "PodSecurityPolicy", False, DICTS)
ANY = {"rule": "RunAsAny"}
LOOSE = {"seLinux": ANY, "runAsUser": ANY, "fsGroup": ANY, "supplementalGroups": ANY}
ANNOTATION = "kubernetes.io/psp"
REFUSED = 'pods "web" is forbidden: PodSecurityPolicy: unable to admit pod: '


def must(least: int, most: int, rule: str = "MustRunAs") -> Any:
    return {"rule": rule, "ranges": [{"min": least, "max": most}]}


async def policy(client: Client, name: str = "one", annotations: Any = None, **spec: Any) -> None:
    metadata = {"name": name, "annotations": annotations or {}}
    await client.resource(POLICIES).create({"metadata": metadata, "spec": {**LOOSE, **spec}})


def serving(mode: str = "AlwaysAllow", version: str = "1.20") -> Any:
    return serving_users(PLUGIN, version=version, mode=mode)


async def create(client: Client, *, container: Any = None, annotations: Any = None, **spec: Any) -> Any:
    written = pod(annotations=annotations, **spec)
    written["spec"]["containers"][0] |= container or {}
    return await client.resource(core_v1.PODS).create(written)


def used(made: Any) -> str:
    return str(made["metadata"]["annotations"][ANNOTATION])


async def test_a_policy_that_allows_everything_leaves_the_pod_alone() -> None:
    async with serving() as of:
        await policy(of(), privileged=True)

        made = await create(of(), container={"securityContext": {"privileged": True}})

    assert used(made) == "one"
    assert made["spec"]["containers"][0]["securityContext"] == {"privileged": True}
    assert made["spec"].get("securityContext", {}) == {}


@pytest.mark.parametrize(
    ("rules", "written", "of_pod", "of_container"),
    [
        ({"runAsUser": must(5, 9)}, {}, {}, {"runAsUser": 5}),
        ({"runAsUser": must(5, 9)}, {"securityContext": {"runAsUser": 7}}, {"runAsUser": 7}, {}),
        ({"runAsGroup": must(5, 9)}, {}, {}, {"runAsGroup": 5}),
        ({"runAsUser": {"rule": "MustRunAsNonRoot"}}, {}, {}, {"runAsNonRoot": True}),
        ({"fsGroup": must(3, 9), "supplementalGroups": must(4, 4)}, {}, {"fsGroup": 3, "supplementalGroups": [4]}, {}),
        ({"fsGroup": must(3, 9, "MayRunAs")}, {}, {}, {}),
        (
            {"seLinux": {"rule": "MustRunAs", "seLinuxOptions": {"level": "s0"}}},
            {},
            {"seLinuxOptions": {"level": "s0"}},
            {},
        ),
        ({"readOnlyRootFilesystem": True}, {}, {}, {"readOnlyRootFilesystem": True}),
        ({"allowPrivilegeEscalation": False}, {}, {}, {"allowPrivilegeEscalation": False}),
        ({"defaultAllowPrivilegeEscalation": True}, {}, {}, {"allowPrivilegeEscalation": True}),
        (
            {"defaultAddCapabilities": ["B", "A"], "requiredDropCapabilities": ["KILL"]},
            {},
            {},
            {"capabilities": {"add": ["A", "B"], "drop": ["KILL"]}},
        ),
    ],
)
async def test_what_a_pod_leaves_open_is_set(rules: Any, written: Any, of_pod: Any, of_container: Any) -> None:
    async with serving() as of:
        await policy(of(), **rules)

        made = await create(of(), **written)

    assert made["spec"].get("securityContext", {}) == of_pod
    assert made["spec"]["containers"][0].get("securityContext", {}) == of_container


async def test_profiles_and_runtime_classes_are_set_too() -> None:
    seccomp, app_armor = "seccomp.security.alpha.kubernetes.io/", "apparmor.security.beta.kubernetes.io/"
    annotations = {
        f"{seccomp}defaultProfileName": "runtime/default",
        f"{seccomp}allowedProfileNames": "runtime/default",
        f"{app_armor}defaultProfileName": "runtime/default",
    }
    async with serving() as of:
        classes = {"allowedRuntimeClassNames": ["*"], "defaultRuntimeClassName": "sandbox"}
        await policy(of(), annotations=annotations, runtimeClass=classes)

        made = await create(of())

    assert made["metadata"]["annotations"] == {
        ANNOTATION: "one",
        f"{seccomp}pod": "runtime/default",
        f"container.{app_armor}web": "runtime/default",
    }
    assert made["spec"]["runtimeClassName"] == "sandbox"


def in_container(**context: Any) -> Any:
    return {"container": {"securityContext": context}}


def volume(**source: Any) -> Any:
    return {"volumes": [{"name": "v", **source}]}


OF_CONTAINER, OF_POD = "spec.containers[0].securityContext.", "spec.securityContext."


@pytest.mark.parametrize(
    ("rules", "written", "message"),
    [
        (
            {},
            in_container(privileged=True),
            f"{OF_CONTAINER}privileged: Invalid value: true: Privileged containers are not allowed",
        ),
        (
            {"runAsUser": must(5, 9)},
            in_container(runAsUser=0),
            f"{OF_CONTAINER}runAsUser: Invalid value: 0: must be in the ranges: [{{5 9}}]",
        ),
        (
            {"runAsUser": {"rule": "MustRunAsNonRoot"}},
            in_container(runAsUser=0),
            f"{OF_CONTAINER}runAsUser: Invalid value: 0: running with the root UID is forbidden",
        ),
        (
            {"runAsUser": {"rule": "MustRunAsNonRoot"}},
            in_container(runAsNonRoot=False),
            f"{OF_CONTAINER}runAsNonRoot: Invalid value: false: must be true",
        ),
        (
            {"runAsGroup": must(5, 9, "MayRunAs")},
            in_container(runAsGroup=1),
            f"{OF_CONTAINER}runAsGroup: Invalid value: []int64{{1}}: group 1 must be in the ranges: [{{5 9}}]",
        ),
        (
            {"fsGroup": must(5, 9)},
            {"securityContext": {"fsGroup": 1}},
            f"{OF_POD}fsGroup: Invalid value: []int64{{1}}: group 1 must be in the ranges: [{{5 9}}]",
        ),
        (
            {"supplementalGroups": must(5, 9)},
            {"securityContext": {"supplementalGroups": [6, 1]}},
            f"{OF_POD}supplementalGroups: Invalid value: []int64{{6, 1}}: group 1 must be in the ranges: [{{5 9}}]",
        ),
        (
            {"seLinux": {"rule": "MustRunAs", "seLinuxOptions": {"level": "s0:c2,c1"}}},
            in_container(seLinuxOptions={"level": "s1"}),
            f'{OF_CONTAINER}seLinuxOptions.level: Invalid value: "s1": must be s0:c2,c1',
        ),
        (
            {},
            {"hostNetwork": True},
            f"{OF_POD}hostNetwork: Invalid value: true: Host network is not allowed to be used",
        ),
        ({}, {"hostPID": True}, f"{OF_POD}hostPID: Invalid value: true: Host PID is not allowed to be used"),
        ({}, {"hostIPC": True}, f"{OF_POD}hostIPC: Invalid value: true: Host IPC is not allowed to be used"),
        (
            {"hostPorts": [{"min": 80, "max": 80}, {"min": 90, "max": 99}]},
            {"container": {"ports": [{"containerPort": 1, "hostPort": 81}]}},
            "spec.containers[0].hostPort: Invalid value: 81: Host port 81 is not allowed to be used."
            " Allowed ports: [80,90-99]",
        ),
        (
            {"volumes": ["secret"]},
            volume(emptyDir={}),
            'spec.volumes[0]: Invalid value: "emptyDir": emptyDir volumes are not allowed to be used',
        ),
        (
            {"volumes": ["*"], "allowedHostPaths": [{"pathPrefix": "/foo"}]},
            volume(hostPath={"path": "/food"}),
            'spec.volumes[0].hostPath.pathPrefix: Invalid value: "/food": is not allowed to be used',
        ),
        (
            {"volumes": ["*"], "allowedHostPaths": [{"pathPrefix": "/foo", "readOnly": True}]},
            volume(hostPath={"path": "/foo/bar"}) | {"container": {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}},
            "spec.containers[0].volumeMounts[0].readOnly: Invalid value: false: must be read-only",
        ),
        (
            {"volumes": ["*"], "allowedFlexVolumes": [{"driver": "a/b"}]},
            volume(flexVolume={"driver": "c/d"}),
            'spec.volumes[0].driver: Invalid value: "c/d": Flexvolume driver is not allowed to be used',
        ),
        (
            {"volumes": ["*"], "allowedCSIDrivers": [{"name": "a"}]},
            volume(csi={"driver": "c"}),
            'spec.volumes[0].csi.driver: Invalid value: "c": Inline CSI driver is not allowed to be used',
        ),
        (
            {"allowedCapabilities": ["A"]},
            in_container(capabilities={"add": ["A", "B"]}),
            f'{OF_CONTAINER}capabilities.add: Invalid value: "B": capability may not be added',
        ),
        (
            {"runtimeClass": {"allowedRuntimeClassNames": ["a"]}},
            {"runtimeClassName": "b"},
            'spec.runtimeClassName: Invalid value: "b"]',
        ),
        (
            {"readOnlyRootFilesystem": True},
            in_container(readOnlyRootFilesystem=False),
            f"{OF_CONTAINER}readOnlyRootFilesystem: Invalid value: false: ReadOnlyRootFilesystem must be set to true",
        ),
        (
            {"allowPrivilegeEscalation": False},
            in_container(allowPrivilegeEscalation=True),
            f"{OF_CONTAINER}allowPrivilegeEscalation: Invalid value: true: Allowing privilege escalation for"
            " containers is not allowed",
        ),
        (
            {"forbiddenSysctls": ["kernel.shm*"]},
            {"securityContext": {"sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1"}]}},
            'pod.spec.securityContext.sysctls[0]: Forbidden: sysctl "kernel.shm_rmid_forced" is not allowed',
        ),
        (
            {"allowedUnsafeSysctls": ["net.core.*"]},
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
            'pod.spec.securityContext.sysctls[0]: Forbidden: unsafe sysctl "kernel.msgmax" is not allowed',
        ),
        (
            {},
            {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}},
            "pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: Forbidden: seccomp may not be set",
        ),
        (
            {"annotations": {"apparmor.security.beta.kubernetes.io/allowedProfileNames": "a"}},
            {},
            "pod.metadata.annotations[container.apparmor.security.beta.kubernetes.io/web]: Forbidden: AppArmor profile"
            " must be set",
        ),
    ],
)
async def test_what_no_policy_allows_is_refused(rules: Any, written: Any, message: str) -> None:
    async with serving() as of:
        await policy(of(), **rules)

        refused = await refusal(create(of(), **written))

    assert refused.code == 403
    assert message in refused.message.removeprefix(REFUSED)
    assert refused.message.startswith(f"{REFUSED}[")


async def test_all_that_is_wrong_is_told_at_once() -> None:
    async with serving() as of:
        await policy(of())

        refused = await refusal(create(of(), hostPID=True, **in_container(privileged=True)))

    assert refused.message == (
        f"{REFUSED}[{OF_POD}hostPID: Invalid value: true: Host PID is not allowed to be used"
        f" {OF_CONTAINER}privileged: Invalid value: true: Privileged containers are not allowed]"
    )


async def test_without_policies_there_are_no_pods() -> None:
    async with serving() as of:
        refused = await refusal(create(of()))

    assert refused.message == (
        'pods "web" is forbidden: PodSecurityPolicy: no providers available to validate pod request'
    )


async def test_a_policy_that_changes_nothing_goes_first_and_then_the_name_decides() -> None:
    async with serving() as of:
        await policy(of(), "a", runAsUser=must(5, 9))
        await policy(of(), "b", runAsUser=must(7, 9))
        first = await create(of())
        await policy(of(), "c")

        written = pod("second")
        second = await of().resource(core_v1.PODS).create(written)

    assert (used(first), used(second)) == ("a", "c")


async def grant(of: As, policy: str, **subject: str) -> None:
    """Let somebody use a policy in the namespace ``default``."""
    name = f"use-{policy}"
    rule = {"apiGroups": [GROUP], "resources": ["podsecuritypolicies"], "verbs": ["use"], "resourceNames": [policy]}
    pods = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create", "patch", "get"]}
    role: Any = {"metadata": {"name": name}, "rules": [rule, pods]}
    await of().resource(rbac_v1.ROLES).create(role, namespace="default")
    binding: Any = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [subject],
    }
    await of().resource(rbac_v1.ROLE_BINDINGS).create(binding, namespace="default")


JANE = {"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}


async def test_only_policies_that_the_user_may_use_count() -> None:
    async with serving("RBAC") as of:
        await policy(of(), "privileged", privileged=True)
        await policy(of(), "strict")
        await grant(of, "strict", **JANE)

        made = await create(of("jane"))
        refused = await refusal(of("jane").resource(core_v1.PODS).create(privileged("second")))
        mine = await of().resource(core_v1.PODS).create(privileged("third"))

    assert (used(made), used(mine)) == ("strict", "privileged")
    assert refused.message.startswith('pods "second" is forbidden: PodSecurityPolicy: unable to admit pod: [')
    assert "Privileged containers are not allowed" in refused.message


def privileged(name: str, **spec: Any) -> Any:
    written = pod(name, **spec)
    written["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    return written


async def test_of_policies_of_others_nothing_is_told() -> None:
    async with serving("RBAC") as of:
        await policy(of(), "mine", privileged=True)
        await policy(of(), "theirs")
        await grant(of, "none", **JANE)

        refused = await refusal(create(of("jane"), **in_container(privileged=True)))

    assert refused.message == f"{REFUSED}[]"


async def test_the_service_account_may_use_what_its_user_may_not() -> None:
    async with serving("RBAC") as of:
        await policy(of(), "privileged", privileged=True)
        await grant(of, "none", **JANE)
        await grant(of, "privileged", kind="ServiceAccount", name="builder", namespace="default")

        made = await of("jane").resource(core_v1.PODS).create(privileged("web", serviceAccountName="builder"))

    assert used(made) == "privileged"


async def test_updates_are_validated_and_change_nothing() -> None:
    async with serving("RBAC") as of:
        await policy(of(), "privileged", privileged=True)
        await policy(of(), "strict")
        await grant(of, "strict", **JANE)
        await of().resource(core_v1.PODS).create(privileged("web"))
        await create_second(of)
        pods = of("jane").resource(core_v1.PODS)

        refused = await refusal(pods.patch("web", {"metadata": {"labels": {"a": "b"}}}))
        collected = await pods.patch("web", {"metadata": {"finalizers": ["example.com/a"]}})
        labelled = await pods.patch("second", {"metadata": {"labels": {"a": "b"}}})

    assert refused.message.startswith('pods "web" is forbidden: PodSecurityPolicy: unable to validate pod: [')
    assert collected["metadata"]["finalizers"] == ["example.com/a"]
    assert used(labelled) == "strict"


async def create_second(of: As) -> None:
    await of("jane").resource(core_v1.PODS).create(pod("second"))


async def test_policies_of_1_9_are_in_extensions() -> None:
    async with serving(version="1.9") as of:
        spec = {**LOOSE, "hostPID": True}
        await of().resource(OLD_POLICIES).create({"metadata": {"name": "old"}, "spec": spec})

        made = await create(of(), hostPID=True)
        refused = await refusal(of().resource(core_v1.PODS).create(privileged("second")))

    assert used(made) == "old"
    assert refused.message.startswith(
        'pods "second" is forbidden: unable to validate against any pod security policy: [spec.containers[0].'
    )
