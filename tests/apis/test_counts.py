"""Counts below zero, over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.admission.plugin_server import refusal, serving

from steersman.client import Client
from steersman.client.kinds import apps_v1, batch_v1, core_v1

LABELS = {"a": "b"}
CONTAINERS = {"containers": [{"name": "web", "image": "nginx:1"}]}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": CONTAINERS}
JOB = {"template": {"spec": {**CONTAINERS, "restartPolicy": "Never"}}}
OF_LABELS = {"selector": {"matchLabels": LABELS}, "template": TEMPLATE}
SPECS: dict[str, tuple[Any, Any]] = {
    "Deployment.apps": (apps_v1.DEPLOYMENTS, OF_LABELS),
    "ReplicaSet.apps": (apps_v1.REPLICA_SETS, OF_LABELS),
    "StatefulSet.apps": (apps_v1.STATEFUL_SETS, {**OF_LABELS, "serviceName": "x"}),
    "DaemonSet.apps": (apps_v1.DAEMON_SETS, OF_LABELS),
    "ReplicationController": (core_v1.REPLICATION_CONTROLLERS, {"selector": LABELS, "template": TEMPLATE}),
    "Job.batch": (batch_v1.JOBS, JOB),
    "CronJob.batch": (batch_v1.CRON_JOBS, {"schedule": "* * * * *", "jobTemplate": {"spec": JOB}}),
}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving() as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("Deployment.apps", "replicas"),
        ("Deployment.apps", "minReadySeconds"),
        ("Deployment.apps", "revisionHistoryLimit"),
        ("ReplicaSet.apps", "replicas"),
        ("StatefulSet.apps", "replicas"),
        ("DaemonSet.apps", "revisionHistoryLimit"),
        ("ReplicationController", "replicas"),
        ("Job.batch", "parallelism"),
        ("Job.batch", "backoffLimit"),
        ("CronJob.batch", "failedJobsHistoryLimit"),
    ],
)
async def test_none_is_below_zero(client: Client, kind: str, field: str) -> None:
    resource, spec = SPECS[kind]
    objects = client.resource(resource)

    refused = await refusal(objects.create({"metadata": {"name": "web"}, "spec": {**spec, field: -1}}))
    created = await objects.create({"metadata": {"name": "web"}, "spec": {**spec, field: 0}})
    changed = await refusal(objects.patch("web", {"spec": {field: -2}}))

    said = f'{kind} "web" is invalid: spec.{field}: Invalid value: {{}}: must be greater than or equal to 0'
    assert (refused.code, refused.reason) == (422, "Invalid")
    assert refused.message == said.format(-1)
    assert changed.message == said.format(-2)
    assert created["spec"][field] == 0


async def test_all_that_are_below_zero_are_told_at_once(client: Client) -> None:
    wrong: Any = {**OF_LABELS, "replicas": -1, "minReadySeconds": -3}

    refused = await refusal(client.resource(apps_v1.DEPLOYMENTS).create({"metadata": {"name": "web"}, "spec": wrong}))

    assert refused.message == (
        'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0,'
        " spec.minReadySeconds: Invalid value: -3: must be greater than or equal to 0]"
    )
    assert [cause["field"] for cause in (refused.details or {})["causes"]] == ["spec.replicas", "spec.minReadySeconds"]


async def test_nor_does_a_scale_go_below_zero(client: Client) -> None:
    deployments = client.resource(apps_v1.DEPLOYMENTS)
    two: Any = {**OF_LABELS, "replicas": 2}
    await deployments.create({"metadata": {"name": "web"}, "spec": two})

    refused = await refusal(deployments.patch("web", {"spec": {"replicas": -1}}, subresource="scale"))

    assert refused.code == 422
    assert "spec.replicas: Invalid value: -1: must be greater than or equal to 0" in refused.message
    assert (await deployments.get("web"))["spec"].get("replicas") == 2
