"""The catalog: what each minor version of Kubernetes serves, and the schemas of it."""

from functools import cached_property
from typing import Any

from steersman.apimachinery.group_version import (
    GroupResource,
    GroupVersion,
    GroupVersionKind,
    GroupVersionResource,
    version_priority,
)
from steersman.apis.catalog.data_file import DataFile, Schema
from steersman.apis.catalog.group_order import group_rank
from steersman.apis.catalog.names import CATEGORIES, SHORT_NAMES
from steersman.apis.catalog.profiles import ALL, PROFILES
from steersman.apis.catalog.resource import BuiltinResource, StorageIdentity, Subresource
from steersman.apis.catalog.runtime_config import RuntimeConfig
from steersman.apis.catalog.storage_identity import storage_identity

REF_PREFIX = "#/definitions/"
NEWEST_MINOR = 37

_Row = list[Any]
# Positions in a row of the index; see data_file.
_GROUP, _VERSION, _PLURAL, _KIND, _NAMESPACED, _PACKAGE, _FIRST, _LAST, _DEFAULT_FIRST, _DEFAULT_LAST = range(10)
_VERBS, _SUBRESOURCES, _STORED_ROW, _SHAPE_ROW = range(10, 14)


class Catalog:
    """The built-in API of one minor version of Kubernetes; ``minor`` 37 is 1.37.

    Raises ValueError for a minor that it does not have.
    """

    def __init__(self, minor: int = NEWEST_MINOR) -> None:
        self._file = DataFile()
        first, last = self._file.index["first"], self._file.index["last"]
        if not first <= minor <= last:
            raise ValueError(f"1.{minor} is not in the catalog of built-in API kinds: it has 1.{first} to 1.{last}")
        self.minor = minor
        self._rows: list[_Row] = self._file.index["resources"]
        self._definitions: dict[str, Schema] = {}
        self._made: dict[tuple[str, str, str], BuiltinResource] = {}

    def resources(self, runtime_config: RuntimeConfig | None = None, profile: str = ALL) -> list[BuiltinResource]:
        """What is served, in the order of discovery: groups, in them versions (preferred first), in them plurals.

        Without ``runtime_config`` that is what the minor serves by default. A version that is turned on by its name
        comes with all its resources that the minor has or has had; where the minor is older than all of them, with
        those it began with. ``profile`` is a key of ``PROFILES``, and is not overruled by ``runtime_config``.
        """
        config = runtime_config or RuntimeConfig()
        in_profile = PROFILES[profile]
        served = [row for row in self._rows if in_profile(row[_GROUP], row[_PLURAL]) and self._is_served(row, config)]
        served.sort(key=lambda row: (group_rank(row[_GROUP]), version_priority(row[_VERSION]), row[_PLURAL]))
        return [self._known(row) for row in served]

    def definition(self, name: str) -> Schema:
        """The schema of this name, or that a ``$ref`` to it names (``#/definitions/NAME``). Shared: do not change it.

        A definition that the minor lacks (of something retired, alpha or newer that is turned on) is that of the
        nearest minor before, else of the first that had it; what it refers to is the minor's own where the minor has
        it. Raises KeyError when no minor has the name.
        """
        name = name.removeprefix(REF_PREFIX)
        schema = self._definitions.get(name)
        if schema is None:
            package, _, short = name.rpartition(".")
            schema = self._definitions[name] = self._file.block(package).definition(short, self.minor)
        return schema

    @cached_property
    def _beginnings(self) -> dict[tuple[str, str], int]:
        """The first minor of each group and version."""
        beginnings: dict[tuple[str, str], int] = {}
        for row in self._rows:
            key = row[_GROUP], row[_VERSION]
            beginnings[key] = min(row[_FIRST], beginnings.get(key, row[_FIRST]))
        return beginnings

    def _is_served(self, row: _Row, config: RuntimeConfig) -> bool:
        group, version = row[_GROUP], row[_VERSION]
        of_resource = config.resources.get(GroupVersionResource(group, version, row[_PLURAL]))
        if of_resource is not None:
            return of_resource
        of_version = config.versions.get(GroupVersion(group, version))
        if of_version is not None:
            return of_version and row[_FIRST] <= max(self.minor, self._beginnings[group, version])
        if not row[_FIRST] <= self.minor <= row[_LAST]:
            return False
        of_stage = config.stage(version)
        if of_stage is not None:
            return of_stage
        return bool(row[_DEFAULT_FIRST] <= self.minor <= row[_DEFAULT_LAST])

    def _known(self, row: _Row) -> BuiltinResource:
        """What is made of the row, once."""
        key = row[_GROUP], row[_VERSION], row[_PLURAL]
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._resource(row)
        return made

    def _resource(self, row: _Row) -> BuiltinResource:
        group, plural, kind = row[_GROUP], row[_PLURAL], row[_KIND]
        minor = min(max(self.minor, row[_FIRST]), row[_LAST])
        resource = GroupResource(group, plural)
        return BuiltinResource(
            group=group,
            version=row[_VERSION],
            plural=plural,
            singular=kind.lower(),
            kind=kind,
            list_kind=f"{kind}List",
            namespaced=row[_NAMESPACED],
            verbs=next(tuple(verbs.split()) for first, last, verbs in row[_VERBS] if first <= minor <= last),
            short_names=SHORT_NAMES.get(resource, ()),
            categories=CATEGORIES.get(resource, ()),
            subresources=tuple(
                Subresource(name, body_group, body_version, body_kind, definition, tuple(verbs.split()))
                for name, body_group, body_version, body_kind, definition, verbs, first, last in row[_SUBRESOURCES]
                if first <= minor <= last
            ),
            definition=f"{row[_PACKAGE]}.{kind}",
            storage=self._storage(row),
        )

    def _storage(self, row: _Row) -> StorageIdentity | None:
        if row[_STORED_ROW] < 0:
            return None
        stored, same_shape = self._rows[row[_STORED_ROW]], self._rows[row[_SHAPE_ROW]]
        return storage_identity(_kind(row), _kind(stored), _kind(same_shape), row[_PLURAL])


def _kind(row: _Row) -> GroupVersionKind:
    return GroupVersionKind(row[_GROUP], row[_VERSION], row[_KIND])
