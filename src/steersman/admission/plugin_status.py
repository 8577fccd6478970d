"""The plugins as they run in this server: what AdmissionPlugins of admission.steersman.dev show.

To be imported when somebody asks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.apiserver.admission import OPERATIONS, AdmissionChain, AdmissionPlugin, MutationPlugin, ValidationPlugin
from steersman.apiserver.admission.chain import ADMIT, VALIDATE
from steersman.apiserver.metric_family import Observed
from steersman.apiserver.registry.resource import Object

_PHASES: Mapping[str, tuple[str, type]] = {
    ADMIT: ("Mutating", MutationPlugin),
    VALIDATE: ("Validating", ValidationPlugin),
}
"""What the metrics call a phase, to what the API does and what plugins have a part in it."""


class PluginStatus:
    """``known`` are the names of all plugins that can be had."""

    def __init__(self, chain: AdmissionChain, known: Sequence[str]) -> None:
        self._chain, self._known = chain, known

    def objects(self, revision: int) -> list[Object]:
        """An AdmissionPlugin for each that is known: first those that are asked, in their order.

        ``revision`` is that of the chain that is in force, 0 for one that is not stored.
        """
        counts = self._counts()
        running = [self._running(order, plugin, revision) for order, plugin in enumerate(self._chain.plugins, 1)]
        asked = {plugin.name for plugin in self._chain.plugins}
        off = [(name, {"enabled": False}) for name in self._known if name not in asked]
        return [
            {"metadata": {"name": name}, "status": {**status, **_summed(counts.get(name, ()))}}
            for name, status in [*running, *off]
        ]

    def _running(self, order: int, plugin: AdmissionPlugin, revision: int) -> tuple[str, dict[str, Any]]:
        resources = ["*"] if plugin.resources is None else sorted(map(str, plugin.resources))
        status = {
            "enabled": True,
            "order": order,
            "phases": [phase for phase, kind in _PHASES.values() if isinstance(plugin, kind)],
            "operations": [one for one in OPERATIONS if one in plugin.operations],
            "resources": resources,
        }
        return plugin.name, status | ({"chainResourceVersion": str(revision)} if revision else {})

    def _counts(self) -> dict[str, list[tuple[str, str, bool, Observed]]]:
        """Plugin to phase, operation, whether it refused, and what was measured then."""
        found: dict[str, list[tuple[str, str, bool, Observed]]] = {}
        for (name, operation, rejected, phase), observed in self._chain.metrics.plugins.values.items():
            if phase in _PHASES:
                found.setdefault(name, []).append((_PHASES[phase][0], operation, rejected == "true", observed))
        return found


def _summed(rows: Sequence[tuple[str, str, bool, Observed]]) -> dict[str, Any]:
    """All of them together, and then by phase and operation."""
    parts = sorted({(phase, OPERATIONS.index(operation)) for phase, operation, _, _ in rows})
    by_part = [
        {"phase": phase, "operation": OPERATIONS[at], **_count(_of(rows, phase, OPERATIONS[at]))} for phase, at in parts
    ]
    return {**_count([(rejected, observed) for _, _, rejected, observed in rows]), "counts": by_part}


def _of(rows: Sequence[tuple[str, str, bool, Observed]], phase: str, operation: str) -> list[tuple[bool, Observed]]:
    return [(rejected, observed) for of, by, rejected, observed in rows if (of, by) == (phase, operation)]


def _count(rows: Sequence[tuple[bool, Observed]]) -> dict[str, Any]:
    admitted, rejected = (sum(sum(one.counts) for was, one in rows if was is wanted) for wanted in (False, True))
    counted: dict[str, Any] = {"admitted": admitted, "rejected": rejected}
    if admitted or rejected:
        counted["averageSeconds"] = round(sum(one.total for _, one in rows) / (admitted + rejected), 9)
    return counted
