"""Columns of the group policy."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, NAME, Cell, ColumnSet
from steersman.apis.printer_columns.columns import boolean, number, string
from steersman.apis.printer_columns.fields import amount, at, texts


def _pods(field: str) -> Cell:
    """A number of pods or a share of them."""
    return lambda obj, now: "N/A" if at(obj, "spec", field) is None else amount(obj, "spec", field)


def _listed(field: str) -> Cell:
    return lambda obj, now: ",".join(texts(obj, "spec", field))


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "PodDisruptionBudget": ColumnSet(
        (
            NAME,
            string("Min Available", _pods("minAvailable"), "How many pods must stay available."),
            string("Max Unavailable", _pods("maxUnavailable"), "How many pods may be unavailable."),
            number("Allowed Disruptions", "status.disruptionsAllowed", "How many pods may be disrupted now."),
            AGE,
        )
    ),
    "PodSecurityPolicy": ColumnSet(
        (
            NAME,
            boolean("Priv", "spec.privileged", "Whether pods may be privileged.", type="string"),
            string("Caps", _listed("allowedCapabilities"), "The capabilities that containers may have."),
            string("SELinux", "spec.seLinux.rule", "Which SELinux labels may be set."),
            string("RunAsUser", "spec.runAsUser.rule", "Which users may be run as."),
            string("FsGroup", "spec.fsGroup.rule", "Which file system groups may be set."),
            string("SupGroup", "spec.supplementalGroups.rule", "Which further groups may be set."),
            boolean("ReadOnlyRootFs", "spec.readOnlyRootFilesystem", "Whether it must be read-only.", type="string"),
            string("Volumes", _listed("volumes"), "The kinds of volumes that may be used."),
        )
    ),
}
