"""The rows of the table: what each is called, what kube-apiserver needs for it, and what we aim at."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.scale import FULL, Scale


@dataclass(frozen=True, slots=True)
class Row:
    """``group`` is what --rows chooses by; ``key`` names the figure within a run's results.

    ``kubernetes`` is kube-apiserver 1.20.2 with etcd 3.4.23 (Debian's builds, default settings, RBAC, TLS, etcd's fsync
    on), both processes together: the median of three runs on a machine of this kind, 2 cores shared with the load
    generator, 32 connections, the same ConfigMaps. Where runs differed it is the least. None: not measured.
    """

    group: str
    key: str
    label: str
    kubernetes: float | None = None
    goal: float | None = None
    more_is_better: bool = False


def rows(scale: Scale) -> list[Row]:
    """All rows, in the order of the table. Other scales than the full one have nothing to be compared with."""
    listing, few = f"LIST {scale.objects:,}", f"watch, {scale.few_watchers:,} watchers"
    many, paced = f"watch, {scale.many_watchers:,} watchers", f"{few}, {scale.pace:g} creates/s"
    table = [
        Row("start", "start.cold", "first start (makes certificates): exec to ready, s", 4.7, 0.3),
        Row("start", "start.warm", "later start: exec to ready, s", 4.7, 0.3),
        Row("memory", "memory.ready", "memory (RSS) when ready, MiB", 310 + 46, 60),
        Row("idle", "idle.cpu", "CPU when idle, % of a core", 3, 0.2),
        Row("get", "get.cpu", f"GET one, {scale.objects:,} stored: CPU-µs", 467, 70),
        Row("get", "get.p99", f"GET one, {scale.objects:,} stored: p99 ms"),
        Row("create", "create.cpu", "create: CPU-µs", 1060, 200),
        Row("create", "create.rate", "create: requests/s", 1700, None, True),
        Row("create", "create.p99", "create: p99 ms", 50, 20),
        Row("update", "update.cpu", "update (PUT with resourceVersion): CPU-µs", 900, 180),
        Row("update", "update.p99", "update (PUT with resourceVersion): p99 ms", 35, 20),
        Row("list", "list.cpu", f"{listing}, resourceVersion=0: CPU-ms", 166, 33),
        Row("list", "list.first", f"{listing}, resourceVersion=0: first byte, ms", 144, 10),
        Row("list-consistent", "list-consistent.cpu", f"{listing}, consistent: CPU-ms", 526, 33),
        Row("list-pages", "list-pages.cpu", f"{listing}, in pages of {scale.page}: CPU-ms", 538, 60),
        Row("list-gzip", "list-gzip.cpu", f"{listing}, gzip: CPU-ms", 197, 40),
        Row("watch-few", "watch-few.cpu", f"{few}, full speed: CPU-µs per event", 30, 6),
        Row("watch-few", "watch-few.p50", f"{few}, full speed: create to event p50 ms", 195, 20),
        Row("watch-few", "watch-few.p99", f"{few}, full speed: create to event p99 ms", 913, 60),
        Row("watch-many", "watch-many.cpu", f"{many}, full speed: CPU-µs per event"),
        Row("watch-many", "watch-many.p50", f"{many}, full speed: create to event p50 ms"),
        Row("watch-many", "watch-many.p99", f"{many}, full speed: create to event p99 ms"),
        Row("watch-paced", "watch-paced.cpu", f"{paced}: CPU-µs per event", 89, 15),
        Row("watch-paced", "watch-paced.p50", f"{paced}: create to event p50 ms", 6.4, 4),
        Row("watch-paced", "watch-paced.p99", f"{paced}: create to event p99 ms", 11.4, 8),
        Row("stored", "stored.memory", f"memory (RSS) with {scale.objects:,} stored, MiB", 600 + 180, 120),
        Row("stored", "stored.peak", f"memory, peak while storing {scale.objects:,}, MiB", 850 + 225),
    ]
    if scale.many_objects:
        table += [
            Row("stored-many", "stored-many.memory", f"memory (RSS) with {scale.many_objects:,} stored, MiB"),
            Row("stored-many", "stored-many.peak", f"memory, peak while storing {scale.many_objects:,}, MiB"),
        ]
    table += _admission()
    table += _authorization()
    if scale == FULL:
        return table
    return [Row(row.group, row.key, row.label, more_is_better=row.more_is_better) for row in table]


def _authorization() -> Iterator[Row]:
    """A check by RBAC. kube-apiserver was not measured."""
    label = "authorization check, 1,000 role bindings"
    for key, what in (("allowed", "allowed"), ("refused", "refused"), ("discovery", "a discovery path")):
        yield Row("authorization", f"authorization.{key}", f"{label}, {what}: µs")


def _admission() -> Iterator[Row]:
    """What admission costs. kube-apiserver was not measured."""
    for kind, label in (("configmaps", "ConfigMap"), ("pods", "Pod")):
        for chain, of_chain in (
            ("default", "the default chain: CPU-µs"),
            ("alone", "NamespaceLifecycle alone: CPU-µs"),
            ("difference", "what the default chain costs, CPU-µs"),
            ("all", "all plugins at once: CPU-µs"),
        ):
            key = f"admission-chain.{kind}.{chain}"
            yield Row("admission-chain", key, f"create {label}, {of_chain}")
    asked = {
        "5+0": "5 mutating webhooks of 5 ms",
        "0+5": "5 validating webhooks of 5 ms",
        "5+5": "5 mutating, 5 validating of 5 ms",
    }
    figures = {"p50": "p50 ms", "p99": "p99 ms", "cpu": "CPU-µs", "rate": "requests/s"}
    for mix, label in asked.items():
        for figure, unit in figures.items():
            key = f"admission-webhooks.{mix}.{figure}"
            yield Row("admission-webhooks", key, f"create, {label}: {unit}", more_is_better=figure == "rate")
    for figure, unit in figures.items():
        key = f"admission-initializers.{figure}"
        label = f"create through 2 initializers: {unit}"
        yield Row("admission-initializers", key, label, more_is_better=figure == "rate")
