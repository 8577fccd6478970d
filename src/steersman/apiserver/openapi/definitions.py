"""The definitions of a document: the served kinds, their lists, and all that these refer to.

Schemas here are in the catalog's form: OpenAPI v3 with references ``#/definitions/NAME``. ``v2_schema`` and
``v3_schema`` turn them into what is published.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.openapi.descriptions import Describe
from steersman.apiserver.openapi.meta_definitions import (
    ALWAYS,
    GROUP_VERSION_KIND,
    LIST_META,
    META_DEFINITIONS,
    OBJECT_META,
    REFERENCE,
    kind_tag,
    reference,
    type_meta,
)
from steersman.apiserver.openapi.schema_tree import Schema, references

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Resource

Resolve = Callable[[str], Mapping[str, Any]]
"""From a reference to what it names; raises LookupError."""


class Definitions:
    """The closed set of definitions for some resources: ``schemas`` by name, every reference in it resolved."""

    def __init__(self, resources: Iterable["Resource"], builtin: Resolve | None, describe: Describe) -> None:
        """``builtin`` resolves the names of built-in definitions, None where there are no built-in kinds."""
        self.schemas: dict[str, Mapping[str, Any]] = {}
        self._builtin, self._describe = builtin, describe
        self._names: dict[GroupVersionKind, str] = {}
        for resource in resources:
            self._names[resource.gvk] = resource.definition.name
            self._add(resource.definition.name, _served(resource), resource.definition.resolve)
            if "list" in resource.verbs:
                self._add(list_name(resource), _list(resource), self._resolve)
        for name in ALWAYS:
            self._require(name)

    def name_of(self, kind: GroupVersionKind) -> str:
        """The name of a kind's definition, which from then on is in ``schemas``; "" for a kind that has none.

        Kinds that are only subresources have none where their body is not JSON (PodExecOptions).
        """
        name = self._names.get(kind)
        if name is None:
            name = f"io.k8s.api.{kind.group.partition('.')[0] or 'core'}.{kind.version}.{kind.kind}"
            try:
                self._require(name)
            except LookupError:
                name = ""
            self._names[kind] = name
        return name

    def _require(self, name: str) -> None:
        if name not in self.schemas:
            self._add(name, self._resolve(REFERENCE + name), self._resolve)

    def _resolve(self, ref: str) -> Mapping[str, Any]:
        if self._builtin is not None:
            try:
                return self._builtin(ref)
            except LookupError:
                pass
        return META_DEFINITIONS[definition_name(ref)]

    def _add(self, name: str, schema: Mapping[str, Any], resolve: Resolve) -> None:
        self.schemas[name] = self._describe(name, schema)
        queue = [(ref, resolve) for ref in references(schema)]
        while queue:
            ref, resolve = queue.pop()
            target = definition_name(ref)
            if target in self.schemas:
                continue
            if target in META_DEFINITIONS:
                resolve = self._resolve
            found = resolve(ref)
            self.schemas[target] = self._describe(target, found)
            queue.extend((further, resolve) for further in references(found))


def definition_name(ref: str) -> str:
    """The name at the end of a reference."""
    return ref.rpartition("/")[2]


def list_name(resource: "Resource") -> str:
    """The name of the definition of a resource's list kind."""
    return f"{resource.definition.name.rpartition('.')[0]}.{resource.list_kind}"


def _served(resource: "Resource") -> Schema:
    schema = dict(resource.definition.load())
    if resource.custom:
        fields = {**schema.get("properties", {}), **type_meta(), "metadata": reference(OBJECT_META)}
        schema |= {"type": "object", "properties": fields}
    tag = kind_tag(*resource.gvk)
    tags = schema.get(GROUP_VERSION_KIND, [])
    schema[GROUP_VERSION_KIND] = tags if tag in tags else [*tags, tag]
    return schema


def _list(resource: "Resource") -> Schema:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {
            **type_meta(),
            "items": {"type": "array", "items": reference(resource.definition.name)},
            "metadata": reference(LIST_META),
        },
        GROUP_VERSION_KIND: [kind_tag(resource.group, resource.version, resource.list_kind)],
    }
