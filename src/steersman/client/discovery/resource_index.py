"""Resources by every name that they have."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from steersman.apimachinery.group_version import GroupKind, GroupResource, GroupVersionKind, GroupVersionResource
from steersman.client.discovery.errors import AmbiguousResourceError
from steersman.client.discovery.served import Served, ServedResource

ResourceName = str | GroupVersionKind | GroupVersionResource | GroupKind | GroupResource
"""A text is a plural, singular or short name in any case, or a kind, by itself or followed by ``.group`` or
``.version.group``; of a group, its beginning is enough."""


class ResourceIndex:
    """The resources of one discovery by each of their names, in the order of preference."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._kinds = _table(served, lambda one: (one.kind,))
        self._plurals = _table(served, lambda one: (one.plural,))
        self._singulars = _table(served, lambda one: (one.singular,))
        self._short_names = _table(served, lambda one: one.short_names)

    def find(self, name: ResourceName) -> ServedResource | None:
        """The resource that is meant: in the first of the group versions that have the name.

        Raises AmbiguousResourceError where several resources of that one have it.
        """
        found = self._all(name)
        best = [one for one in found if one.group_version == found[0].group_version]
        if len(best) > 1:
            raise AmbiguousResourceError(name, best)
        return best[0] if best else None

    def _all(self, name: ResourceName) -> Sequence[ServedResource]:
        """All resources that have the name, best first."""
        match name:
            case str():
                return next(filter(None, self._by_text(name)), ())
            case GroupVersionKind(group, version, kind):
                return _of(self._kinds.get(kind, ()), group, version)
            case GroupKind(group, kind):
                return _of(self._kinds.get(kind, ()), group)
            case GroupVersionResource(group, version, resource):
                return _of(self._plurals.get(resource, ()), group, version)
            case GroupResource(group, resource):
                return _of(self._plurals.get(resource, ()), group)

    def _by_text(self, text: str) -> Iterator[Sequence[ServedResource]]:
        """What the text can mean, the likeliest first."""
        for table, spelled in (
            (self._plurals, text.lower()),
            (self._singulars, text.lower()),
            (self._short_names, text.lower()),
            (self._kinds, text),
        ):
            name, dot, group = spelled.partition(".")
            version, second_dot, group_of_version = group.partition(".")
            found = table.get(name, ())
            if second_dot:
                yield _begins(found, group_of_version, version)
            yield _begins(found, group) if dot else found


def _table(served: Served, names: Callable[[ServedResource], Sequence[str]]) -> Mapping[str, Sequence[ServedResource]]:
    table: dict[str, list[ServedResource]] = defaultdict(list)
    for resource in served:
        for name in names(resource):
            table[name].append(resource)
    return dict(table)


def _of(found: Sequence[ServedResource], group: str, version: str = "") -> Sequence[ServedResource]:
    return [one for one in found if one.group == group and version in ("", one.version)]


def _begins(found: Sequence[ServedResource], group: str, version: str = "") -> Sequence[ServedResource]:
    """Those of the group, or else those whose group begins so."""
    exact = _of(found, group, version)
    return exact or [one for one in found if group and one.group.startswith(group) and version in ("", one.version)]
