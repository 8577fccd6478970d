"""Columns of what runs pods: the groups apps and batch, and the core group's replication controllers and templates."""

from collections.abc import Mapping

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.table import AGE, NAME, Column, ColumnSet, Object
from steersman.apimachinery.time import parse_time
from steersman.apis.printer_columns.columns import (
    age_column,
    containers,
    count_cell,
    labels_cell,
    number,
    selector,
    shown_flag,
    string,
)
from steersman.apis.printer_columns.fields import (
    NONE,
    at,
    integer,
    is_deleted,
    is_true,
    mappings,
    selector_text,
    since,
    text,
)

# In the order in which the first that is true is the job's status; None is where deletion comes.
_JOB_CONDITIONS = ("Complete", "Failed", None, "Suspended", "FailureTarget", "SuccessCriteriaMet")
_JOB_SPEC = ("spec", "jobTemplate", "spec")


def _ready_of_desired(obj: Object, now: float) -> str:
    return f"{integer(obj, 'status', 'readyReplicas')}/{integer(obj, 'spec', 'replicas')}"


def _deployment_selector(obj: Object, now: float) -> str:
    shown = selector_text(at(obj, "spec", "selector"))
    return "<invalid>" if shown is None else shown


def _job_status(job: Object, now: float) -> str:
    for name in _JOB_CONDITIONS:
        if name is None:
            if is_deleted(job):
                return "Terminating"
        elif is_true(job, name):
            return name
    return "Running"


def _completions(job: Object, now: float) -> str:
    succeeded = integer(job, "status", "succeeded")
    if at(job, "spec", "completions") is not None:
        return f"{succeeded}/{integer(job, 'spec', 'completions')}"
    parallelism = integer(job, "spec", "parallelism")
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(job: Object, now: float) -> str:
    started, completed = at(job, "status", "startTime"), at(job, "status", "completionTime")
    if started is None:
        return ""
    if not isinstance(completed, str):
        return since(started, now)
    try:
        return since(started, parse_time(completed).timestamp())
    except ValueError:
        return "<invalid>"


def _suspend(cron_job: Object, now: float) -> str:
    return shown_flag(at(cron_job, "spec", "suspend"))


def _controller(revision: Object, now: float) -> str:
    """The kind, with its group, and the name of what the revision is of."""
    for owner in mappings(revision, "metadata", "ownerReferences"):
        if owner.get("controller") is True:
            group = text(owner, "apiVersion").rpartition("/")[0]
            return f"{GroupKind(group, text(owner, 'kind'))}".lower() + f"/{text(owner, 'name')}"
    return NONE


_REPLICAS: tuple[Column, ...] = (
    number("Desired", "spec.replicas", "How many pods there should be."),
    number("Current", "status.replicas", "How many pods there are."),
    number("Ready", "status.readyReplicas", "How many of the pods are ready."),
)
_READY = string("Ready", _ready_of_desired, "How many pods are ready, of how many there should be.")

REPLICATION_CONTROLLER = ColumnSet(
    (
        NAME,
        *_REPLICAS,
        AGE,
        *containers(),
        string("Selector", labels_cell("spec", "selector"), "The labels of the pods that are selected.", wide=True),
    )
)
POD_TEMPLATE = ColumnSet(
    (
        NAME,
        *containers(("template", "spec"), wide=False),
        string("Pod Labels", labels_cell("template", "metadata", "labels"), "The labels of the template's pods."),
    )
)
_SELECTOR = selector("spec", "selector")

COLUMN_SETS: Mapping[str, ColumnSet] = {
    "ControllerRevision": ColumnSet(
        (
            NAME,
            string("Controller", _controller, "What the revision is of."),
            number("Revision", "revision", "The number of the revision.", type="string"),
            AGE,
        )
    ),
    "CronJob": ColumnSet(
        (
            NAME,
            string("Schedule", "spec.schedule", "When jobs are made, in cron's form."),
            string("Timezone", "spec.timeZone", "The time zone of the schedule.", missing=NONE),
            Column("Suspend", "boolean", _suspend, "", "Whether no more jobs are made for now."),
            number("Active", count_cell("status", "active"), "How many of the jobs are running."),
            age_column("Last Schedule", "status.lastScheduleTime", "When a job was last made."),
            AGE,
            *containers((*_JOB_SPEC, "template", "spec")),
            selector(*_JOB_SPEC, "selector"),
        )
    ),
    "DaemonSet": ColumnSet(
        (
            NAME,
            number("Desired", "status.desiredNumberScheduled", "How many nodes should run the pod."),
            number("Current", "status.currentNumberScheduled", "How many nodes that should run the pod do."),
            number("Ready", "status.numberReady", "How many nodes have the pod ready."),
            number("Up-to-date", "status.updatedNumberScheduled", "How many nodes run the pod as it is defined now."),
            number("Available", "status.numberAvailable", "How many nodes have the pod available."),
            string(
                "Node Selector",
                labels_cell("spec", "template", "spec", "nodeSelector"),
                "The labels of the nodes that should run the pod.",
            ),
            AGE,
            *containers(),
            _SELECTOR,
        )
    ),
    "Deployment": ColumnSet(
        (
            NAME,
            _READY,
            number("Up-to-date", "status.updatedReplicas", "How many pods are as defined now.", type="string"),
            number("Available", "status.availableReplicas", "How many pods are available.", type="string"),
            AGE,
            *containers(),
            string("Selector", _deployment_selector, "The labels of the pods that are selected.", wide=True),
        )
    ),
    "Job": ColumnSet(
        (
            NAME,
            string("Status", _job_status, "How the job goes."),
            string("Completions", _completions, "How many pods have succeeded, of how many that must."),
            string("Duration", _duration, "How long the job took, or has taken so far."),
            AGE,
            *containers(),
            _SELECTOR,
        )
    ),
    "ReplicaSet": ColumnSet((NAME, *_REPLICAS, AGE, *containers(), _SELECTOR)),
    "StatefulSet": ColumnSet((NAME, _READY, AGE, *containers())),
}
