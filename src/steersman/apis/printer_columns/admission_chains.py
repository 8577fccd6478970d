"""Columns of the group admission.steersman.dev: how long the chain is, and what its plugins do."""

from collections.abc import Mapping

from steersman.apimachinery.table import AGE, NAME, Column, ColumnSet, Object
from steersman.apis.printer_columns.columns import boolean, number, string
from steersman.apis.printer_columns.fields import at, mappings


def _enabled(obj: Object, now: float) -> int:
    return sum(plugin.get("enabled", True) is True for plugin in mappings(obj, "spec", "plugins"))


def _order(obj: Object, now: float) -> int | None:
    """Nothing for one that is not asked."""
    order = at(obj, "status", "order")
    return order if isinstance(order, int) else None


def _joined(field: str, obj: Object) -> str:
    listed = at(obj, "status", field)
    return ",".join(str(one) for one in listed) if isinstance(listed, list) else ""


def _average(obj: Object, now: float) -> str:
    seconds = at(obj, "status", "averageSeconds")
    if not isinstance(seconds, int | float):
        return ""
    for unit, name in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= unit:
            return f"{seconds / unit:.3g}{name}"
    return f"{seconds * 1e6:.3g}µs"


COLUMN_SETS: Mapping[str, ColumnSet] = {
    "AdmissionChain": ColumnSet(
        (
            NAME,
            number("Plugins", _enabled, "How many plugins are asked."),
            string("ResourceVersion", "metadata.resourceVersion", "The version of the chain."),
            AGE,
        )
    ),
    "AdmissionPlugin": ColumnSet(
        (
            NAME,
            Column("Order", "integer", _order, "", "Its place among the plugins that are asked."),
            boolean("Enabled", "status.enabled", "Whether it is asked."),
            string("Phases", lambda obj, now: _joined("phases", obj), "When it is asked."),
            string("Operations", lambda obj, now: _joined("operations", obj), "What it is asked about."),
            number("Admitted", "status.admitted", "How often it let a write pass."),
            number("Rejected", "status.rejected", "How often it refused one."),
            string("Average", _average, "How long it took on average."),
        )
    ),
}
