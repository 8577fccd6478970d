from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.admission.over_http import serving_http
from tests.admission.plugin_server import configured, pod, refusal

from steersman.admission.selection import AdmissionOptions
from steersman.client import Client
from steersman.client.kinds import apps_v1, batch_v1, core_v1

PREFIX = "pod-security.kubernetes.io/"
PRIVILEGED_POD = pod(containers=[{"name": "web", "image": "nginx:1", "securityContext": {"privileged": True}}])
PRIVILEGED = 'privileged (container "web" must not set securityContext.privileged=true)'
UNHARDENED = (
    'allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false),'
    ' unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"]),'
    ' runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true),'
    ' seccompProfile (pod or container "web" must set securityContext.seccompProfile.type'
    ' to "RuntimeDefault" or "Localhost")'
)
HARDENED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@asynccontextmanager
async def secured(
    warnings: list[str] | None = None, *, configuration: Path | None = None, **labels: str
) -> AsyncIterator[Client]:
    """A server whose namespace ``team`` has ``labels`` (``enforce_version`` for ``enforce-version``)."""
    options = AdmissionOptions(control=("PodSecurity",), configuration=configuration)
    told = warnings if warnings is not None else []
    async with serving_http(admission=options) as server:
        config = replace(server.config(), warning_handler=lambda code, agent, text: told.append(text))
        async with Client(config) as client:
            await client.resource(core_v1.NAMESPACES).create(namespace("team", **labels))
            told.clear()
            yield client


def namespace(name: str, **labels: str) -> Any:
    return {"metadata": {"name": name, "labels": labelled(**labels)}}


def labelled(**labels: str) -> Any:
    return {f"{PREFIX}{name.replace('_', '-')}": value for name, value in labels.items()}


@pytest.mark.parametrize(
    ("labels", "created", "message"),
    [
        ({"enforce": "restricted"}, pod(), f'violates PodSecurity "restricted:latest": {UNHARDENED}'),
        (
            {"enforce": "baseline", "enforce_version": "v1.20"},
            PRIVILEGED_POD,
            f'violates PodSecurity "baseline:v1.20": {PRIVILEGED}',
        ),
        (
            {"enforce": "baseline", "enforce_version": "v1.99"},
            PRIVILEGED_POD,
            f'violates PodSecurity "baseline:v1.99": {PRIVILEGED}',
        ),
    ],
)
async def test_a_pod_is_refused(labels: Any, created: Any, message: str) -> None:
    async with secured(**labels) as client:
        refused = await refusal(client.resource(core_v1.PODS).create(created, namespace="team"))

    assert (refused.code, refused.message) == (403, f'pods "web" is forbidden: {message}')


@pytest.mark.parametrize(
    ("labels", "created"),
    [
        ({}, PRIVILEGED_POD),
        ({"enforce": "privileged"}, PRIVILEGED_POD),
        ({"enforce": "baseline"}, pod()),
        ({"enforce": "restricted"}, pod(containers=[{"name": "web", "image": "nginx:1", "securityContext": HARDENED}])),
    ],
)
async def test_a_pod_is_left_alone(labels: Any, created: Any) -> None:
    warnings: list[str] = []
    async with secured(warnings, **labels) as client:
        stored: Any = await client.resource(core_v1.PODS).create(created, namespace="team")

    assert stored["spec"]["containers"][0].get("securityContext") == created["spec"]["containers"][0].get(
        "securityContext"
    )
    assert warnings == []


async def test_a_pod_is_warned_of() -> None:
    warnings: list[str] = []
    async with secured(warnings, warn="baseline", audit="restricted") as client:
        await client.resource(core_v1.PODS).create(PRIVILEGED_POD, namespace="team")

    assert warnings == [f'would violate PodSecurity "baseline:latest": {PRIVILEGED}']


DEPLOYED = {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}}}
TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": PRIVILEGED_POD["spec"]}
JOB_TEMPLATE = {"spec": {**PRIVILEGED_POD["spec"], "restartPolicy": "Never"}}
MAKERS: list[tuple[Any, Any]] = [
    (apps_v1.DEPLOYMENTS, {"spec": DEPLOYED | {"template": TEMPLATE}}),
    (apps_v1.REPLICA_SETS, {"spec": DEPLOYED | {"template": TEMPLATE}}),
    (apps_v1.STATEFUL_SETS, {"spec": DEPLOYED | {"template": TEMPLATE, "serviceName": "x"}}),
    (apps_v1.DAEMON_SETS, {"spec": DEPLOYED | {"template": TEMPLATE}}),
    (core_v1.REPLICATION_CONTROLLERS, {"spec": {"selector": {"a": "b"}, "template": TEMPLATE}}),
    (core_v1.POD_TEMPLATES, {"template": TEMPLATE}),
    (batch_v1.JOBS, {"spec": {"template": JOB_TEMPLATE}}),
    (batch_v1.CRON_JOBS, {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": JOB_TEMPLATE}}}}),
]


@pytest.mark.parametrize(("resource", "maker"), MAKERS, ids=[one[0].plural for one in MAKERS])
async def test_what_makes_pods_is_warned_of_but_not_refused(resource: Any, maker: Any) -> None:
    warnings: list[str] = []
    async with secured(warnings, enforce="baseline") as client:
        await client.resource(resource).create({"metadata": {"name": "web"}, **maker}, namespace="team")

    assert warnings == [f'would violate PodSecurity "baseline:latest": {PRIVILEGED}']


async def test_an_update_matters_where_it_brings_an_image() -> None:
    async with secured() as client:
        pods = client.resource(core_v1.PODS)
        await pods.create(PRIVILEGED_POD, namespace="team")
        labels = {"metadata": {"labels": labelled(enforce="baseline")}}
        await client.resource(core_v1.NAMESPACES).patch("team", labels)

        await pods.patch("web", {"metadata": {"labels": {"a": "b"}}}, namespace="team")
        image = {"spec": {"containers": [PRIVILEGED_POD["spec"]["containers"][0] | {"image": "nginx:2"}]}}
        refused = await refusal(pods.patch("web", image, namespace="team"))

    assert refused.message == f'pods "web" is forbidden: violates PodSecurity "baseline:latest": {PRIVILEGED}'


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            {"enforce": "strict"},
            'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict":'
            " must be one of privileged, baseline, restricted",
        ),
        (
            {"warn_version": "1.20"},
            'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.20":'
            ' must be "latest" or "v1.x"',
        ),
    ],
)
async def test_wrong_labels_of_a_namespace_are_refused(labels: Any, message: str) -> None:
    async with secured() as client:
        namespaces = client.resource(core_v1.NAMESPACES)
        at_create = await refusal(namespaces.create(namespace("other", **labels)))
        at_update = await refusal(namespaces.patch("team", {"metadata": {"labels": labelled(**labels)}}))

    assert (at_create.code, at_create.message) == (422, f'Namespace "other" is invalid: {message}')
    assert at_update.message == f'Namespace "team" is invalid: {message}'


async def test_a_stricter_namespace_is_warned_of_its_pods() -> None:
    warnings: list[str] = []
    async with secured(warnings) as client:
        for name in ("b", "a", "c"):
            await client.resource(core_v1.PODS).create(
                {"metadata": {"name": name}, "spec": PRIVILEGED_POD["spec"]}, namespace="team"
            )
        await client.resource(core_v1.PODS).create(pod("ok"), namespace="team")
        host = pod("host", hostPID=True)
        await client.resource(core_v1.PODS).create(host, namespace="team")

        await client.resource(core_v1.NAMESPACES).patch("team", {"metadata": {"labels": labelled(enforce="baseline")}})

    assert warnings == [
        'existing pods in namespace "team" violate the new PodSecurity enforce level "baseline:latest"',
        "a (and 2 other pods): privileged",
        "host: host namespaces",
    ]


async def test_a_looser_namespace_is_not_warned() -> None:
    warnings: list[str] = []
    async with secured(warnings, enforce="restricted", warn="privileged") as client:
        await client.resource(core_v1.NAMESPACES).patch("team", {"metadata": {"labels": labelled(enforce="baseline")}})

    assert warnings == []


def configuration(directory: Path, **more: Any) -> Path:
    document = {"apiVersion": "pod-security.admission.config.k8s.io/v1", "kind": "PodSecurityConfiguration", **more}
    return configured(directory, "PodSecurity", document)


async def test_namespaces_that_say_nothing_have_the_defaults(tmp_path: Path) -> None:
    file = configuration(tmp_path, defaults={"enforce": "baseline", "enforce-version": "v1.30"})
    async with secured(configuration=file) as client:
        refused = await refusal(client.resource(core_v1.PODS).create(PRIVILEGED_POD, namespace="team"))

    assert refused.message == f'pods "web" is forbidden: violates PodSecurity "baseline:v1.30": {PRIVILEGED}'


@pytest.mark.parametrize(
    ("exemptions", "spec"),
    [
        ({"namespaces": ["team"]}, {}),
        ({"usernames": ["system:apiserver"]}, {}),
        ({"runtimeClasses": ["sandbox"]}, {"runtimeClassName": "sandbox"}),
    ],
)
async def test_what_is_exempt_passes(tmp_path: Path, exemptions: Any, spec: Any) -> None:
    file = configuration(tmp_path, defaults={"enforce": "restricted"}, exemptions=exemptions)
    async with secured(configuration=file) as client:
        await client.resource(core_v1.PODS).create(
            {"metadata": {"name": "web"}, "spec": PRIVILEGED_POD["spec"] | spec}, namespace="team"
        )


async def test_labels_of_an_exempt_namespace_have_no_effect(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = configuration(tmp_path, exemptions={"namespaces": ["infra"]})
    async with secured(warnings, configuration=file) as client:
        await client.resource(core_v1.NAMESPACES).create(namespace("infra", enforce="baseline", audit="restricted"))

    assert warnings == [
        'namespace "infra" is exempt from Pod Security, and the policy'
        " (enforce=baseline:latest, audit=restricted:latest) will be ignored"
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"defaults": {"enforce": "x"}},
            'defaults.enforce: Invalid value: "x": must be one of privileged, baseline, restricted',
        ),
        (
            {"defaults": {"audit-version": "2"}},
            'defaults.audit-version: Invalid value: "2": must be "latest" or "v1.x"',
        ),
        ({"exemptions": {"usernames": ["a", "a"]}}, 'exemptions.usernames[1]: Duplicate value: "a"'),
        ({"exemptions": {"usernames": [""]}}, "username must not be empty"),
        ({"exemptions": {"users": []}}, "exemptions.users"),
        ({"kind": "Other"}, "must be a PodSecurityConfiguration"),
    ],
)
async def test_a_wrong_configuration_is_refused(tmp_path: Path, more: Any, message: str) -> None:
    with pytest.raises(ValueError, match="PodSecurity") as raised:
        async with secured(configuration=configuration(tmp_path, **more)):
            pass

    assert message in str(raised.value)
