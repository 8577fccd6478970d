"""Who takes part in the comparison of client libraries, and what was measured of others before."""

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
    """Figures that are no result of the run, for ``objects`` ConfigMaps: a sync's CPU in seconds and peak memory in
    MiB, and the CPU of an event in microseconds.
    """

    label: str
    objects: int
    cpu: float
    peak: float
    event_cpu: float | None = None


CLIENT_GO = (
    Known("client-go 1.20 SharedInformer, 2 indexes, with kube-apiserver", 10_000, 0.5, 92, 156),
    Known("client-go 1.20 SharedInformer, 2 indexes, with kube-apiserver", 50_000, 2.5, 341),
)
"""Measured before, on a machine of the same kind, with the same ConfigMaps stored in kube-apiserver. Where runs
differed it is the least."""

GOALS = (Known("goal", 10_000, 0.25, 60, 60), Known("goal", 50_000, 1.2, 200))
