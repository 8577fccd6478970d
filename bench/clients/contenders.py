"""Who takes part in the comparison of client libraries, and what was measured of others before."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True, slots=True)
class Contender:
    """A client library: the ``distribution`` that has it, and the ``module`` that uses it as its documentation says.

    ``most`` is how many objects it is given at most: beyond it takes minutes or gigabytes. ``limit`` is the seconds
    that a sync of them, or an update of each, may take before it is given up.
    """

    distribution: str
    module: str
    what: str
    most: int
    limit: float

    @property
    def label(self) -> str:
        return f"{self.distribution} {version(self.distribution)} {self.what}"


OURS = Contender("steersman", "bench.clients.with_steersman", "SharedInformer, 2 indexes", 100_000, 120)
CONTENDERS = (
    OURS,
    Contender("kubernetes", "bench.clients.with_kubernetes", "SharedInformer", 100_000, 240),
    Contender("kr8s", "bench.clients.with_kr8s", "watch", 10_000, 120),
    Contender("kopf", "bench.clients.with_kopf", "2 indexes + on.event", 2_000, 120),
)


@dataclass(frozen=True, slots=True)
class Known:
    """Figures that are no result of the run, for ``objects`` ConfigMaps: of a sync, ``cpu`` in seconds and ``peak``
    memory in MiB; of an update, ``event_cpu`` in microseconds.
    """

    label: str
    objects: int
    figures: Mapping[str, float]


_CLIENT_GO = "client-go 1.20 SharedInformer, 2 indexes, with kube-apiserver"
CLIENT_GO = (
    Known(_CLIENT_GO, 10_000, {"cpu": 0.5, "peak": 92, "event_cpu": 156}),
    Known(_CLIENT_GO, 50_000, {"cpu": 2.5, "peak": 341}),
)
"""Measured before, on a machine of the same kind, with the same ConfigMaps stored in kube-apiserver. Where runs
differed it is the least."""

GOALS = (
    Known("goal", 10_000, {"cpu": 0.25, "peak": 60, "event_cpu": 60}),
    Known("goal", 50_000, {"cpu": 1.2, "peak": 200}),
)
