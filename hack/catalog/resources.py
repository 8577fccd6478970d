"""Derive every built-in resource: in which minors it exists, its names, scope, verbs and subresources."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.definitions import GROUP_VERSION_KIND, Definitions
from catalog.sources import SourceResource

FIRST_SOURCE_MINOR = 15
VERBS = {
    "post": "create",
    "delete": "delete",
    "deletecollection": "deletecollection",
    "get": "get",
    "list": "list",
    "patch": "patch",
    "put": "update",
    "watch": "watch",
}
ALL_VERBS = tuple(VERBS)

# Resources that ended before 1.15: group, version, kind → plural, namespaced.
ENDED_EARLY = {
    ("extensions", "v1beta1", "ThirdPartyResource"): ("thirdpartyresources", False),
    ("admissionregistration.k8s.io", "v1alpha1", "InitializerConfiguration"): ("initializerconfigurations", False),
    ("admissionregistration.k8s.io", "v1alpha1", "ExternalAdmissionHookConfiguration"): (
        "externaladmissionhookconfigurations",
        False,
    ),
    ("autoscaling", "v2alpha1", "HorizontalPodAutoscaler"): ("horizontalpodautoscalers", True),
}
ENDED_EARLY_WITH_STATUS = frozenset({("autoscaling", "v2alpha1", "HorizontalPodAutoscaler")})

# Subresources whose feature gate is off by default until a minor (None: always off).
GATED_SUBRESOURCES: dict[tuple[str, str], int | None] = {
    ("pods", "ephemeralcontainers"): 23,
    ("pods", "resize"): 33,
    ("networkpolicies", "status"): None,
    ("csinodes", "status"): None,
}
# Subresources answered by connecting to a node; no OpenAPI client operation describes them.
# plural → subresource → kind of its options, verbs.
PROXY_VERBS = ("create", "delete", "get", "patch", "update")
STREAM_VERBS = ("create", "get")
CONNECT_SUBRESOURCES: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "pods": {
        "attach": ("PodAttachOptions", STREAM_VERBS),
        "exec": ("PodExecOptions", STREAM_VERBS),
        "portforward": ("PodPortForwardOptions", STREAM_VERBS),
        "proxy": ("PodProxyOptions", PROXY_VERBS),
    },
    "services": {"proxy": ("ServiceProxyOptions", PROXY_VERBS)},
    "nodes": {"proxy": ("NodeProxyOptions", PROXY_VERBS)},
}
# The OpenAPI documents have a watch path for it, but discovery and the server do not.
NOT_WATCHED = frozenset({"componentstatuses"})

GroupVersionKind = tuple[str, str, str]


@dataclass
class Subresource:
    """A subresource in the minors from ``first`` to ``last`` (1.N as N)."""

    name: str
    body: GroupVersionKind
    definition: str
    verbs: tuple[str, ...]
    first: int
    last: int


@dataclass
class Resource:
    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    definition: str
    first: int
    last: int
    verbs: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    subresources: list[Subresource] = field(default_factory=list)


def derive(definitions: dict[int, Definitions], sources: dict[int, list[SourceResource]]) -> list[Resource]:
    """Every resource of every minor, one record a group, version and plural."""
    complete = {**_infer_early(definitions, sources), **sources}
    tagged = {minor: _tagged(found) for minor, found in definitions.items()}
    by_name: dict[tuple[str, str, str], dict[int, list[SourceResource]]] = {}
    for minor, items in sorted(complete.items()):
        for item in items:
            of_name = by_name.setdefault((item.group, item.version, item.plural), {})
            of_name.setdefault(minor, []).append(item)
    return [_resource(minors, tagged) for _, minors in sorted(by_name.items())]


def _resource(minors: dict[int, list[SourceResource]], tagged: dict[int, dict[GroupVersionKind, str]]) -> Resource:
    first, last = min(minors), max(minors)
    if set(minors) != set(range(first, last + 1)):
        raise ValueError(f"{minors[last][0]} has gaps: {sorted(minors)}")
    main = next(item for item in minors[last] if not item.subresource)
    resource = Resource(
        group=main.group,
        version=main.version,
        plural=main.plural,
        kind=main.kind,
        namespaced=main.namespaced,
        definition=tagged[last][main.group, main.version, main.kind],
        first=first,
        last=last,
    )
    for minor, items in sorted(minors.items()):
        for item in items:
            if item.subresource:
                definition = tagged[minor].get(item.body, "")
                _extend_subresources(resource.subresources, item, definition, minor)
            else:
                _extend_verbs(resource.verbs, _verbs(item), minor)
    if resource.group == "":
        resource.subresources += [
            Subresource(name, ("", "v1", kind), "", verbs, first, last)
            for name, (kind, verbs) in CONNECT_SUBRESOURCES.get(resource.plural, {}).items()
        ]
    resource.subresources.sort(key=lambda subresource: (subresource.name, subresource.first))
    return resource


def _verbs(item: SourceResource) -> tuple[str, ...]:
    verbs = {VERBS[verb] for verb in item.verbs if verb in VERBS}
    return tuple(sorted(verbs - {"watch"} if item.plural in NOT_WATCHED else verbs))


def _extend_verbs(spans: list[tuple[int, int, tuple[str, ...]]], verbs: tuple[str, ...], minor: int) -> None:
    if spans and spans[-1][2] == verbs:
        spans[-1] = (spans[-1][0], minor, verbs)
    else:
        spans.append((minor, minor, verbs))


def _extend_subresources(known: list[Subresource], item: SourceResource, definition: str, minor: int) -> None:
    since = GATED_SUBRESOURCES.get((item.plural, item.subresource), 0)
    if since is None or minor < since:
        return
    verbs = _verbs(item)
    for subresource in known:
        same = (subresource.name, subresource.body, subresource.verbs) == (item.subresource, item.body, verbs)
        if same and subresource.last == minor - 1:
            subresource.last = minor
            return
    known.append(Subresource(item.subresource, item.body, definition, verbs, minor, minor))


def _infer_early(
    definitions: dict[int, Definitions], sources: dict[int, list[SourceResource]]
) -> dict[int, list[SourceResource]]:
    """The resources before 1.15: kinds with a definition, served as in the first minor whose paths are known."""
    pattern: dict[GroupVersionKind, list[SourceResource]] = {}
    for minor in sorted(sources, reverse=True):
        in_minor: dict[GroupVersionKind, list[SourceResource]] = defaultdict(list)
        for item in sources[minor]:
            in_minor[item.group, item.version, item.kind].append(item)
        pattern.update(in_minor)
    for name, (plural, namespaced) in ENDED_EARLY.items():
        main = SourceResource(*name, plural, namespaced, ALL_VERBS, "", name)
        status = SourceResource(*name, plural, namespaced, ("get", "patch", "put"), "status", name)
        pattern[name] = [main, status] if name in ENDED_EARLY_WITH_STATUS else [main]
    return {
        minor: list(_served_early(_tagged(definitions[minor]), pattern))
        for minor in definitions
        if minor < FIRST_SOURCE_MINOR
    }


def _served_early(
    tagged: dict[GroupVersionKind, str], pattern: dict[GroupVersionKind, list[SourceResource]]
) -> Iterator[SourceResource]:
    for name in tagged:
        for item in pattern.get(name, ()):
            if item.body in tagged:
                yield item


def _tagged(definitions: Definitions) -> dict[GroupVersionKind, str]:
    """Definition names by the one group, version and kind they are tagged with."""
    return {
        (tags[0]["group"], tags[0]["version"], tags[0]["kind"]): name
        for name, schema in definitions.items()
        if len(tags := schema.get(GROUP_VERSION_KIND, ())) == 1
    }
