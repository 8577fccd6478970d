"""Built-in kinds: from the catalog's facts to resources that can be served."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from steersman.apimachinery.errors import FieldError
from steersman.apimachinery.group_version import GroupKind, GroupVersionKind
from steersman.apimachinery.table import ColumnSet
from steersman.apis.catalog import BuiltinResource, Catalog
from steersman.apis.catalog import Subresource as SubresourceFacts
from steersman.apis.event_conversion import event_conversion
from steersman.apis.field_selectors import SELECTABLE, field_reader
from steersman.apis.namespaces import FINALIZE
from steersman.apis.printer_columns import columns_of
from steersman.apis.reviews import Answer
from steersman.apis.scale import read_scale, write_scale
from steersman.apis.schema_defaults import with_defaults
from steersman.apis.status import read_status, write_status
from steersman.apis.strategies import strategy_of
from steersman.apiserver.admission import CONNECT, CREATE
from steersman.apiserver.registry.resource import (
    Action,
    ActionBehaviour,
    Conversion,
    Definition,
    Object,
    Resource,
    StoredKind,
    Subresource,
)
from steersman.storage.watch_cache import Codec

CUSTOM_RESOURCE_DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_COMMON_FIELDS = ("metadata.name", "metadata.namespace")
_PARTS = {"status": (read_status, write_status), "approval": (read_status, write_status)}

_ALSO = {GroupVersionKind("policy", "v1", "Eviction"): frozenset(("policy/v1beta1",))}
"""Of which versions a body may be beside the one that discovery tells of, where the shape is the same."""

Actions = Mapping[tuple[GroupKind, str], ActionBehaviour]
"""By the kind of the parent and the name of the subresource; empty where a kind is itself an action (Binding)."""
NO_ACTIONS: Actions = MappingProxyType({})


class Definitions:
    """The catalog's schemas with the defaults laid in; each is made once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._made: dict[str, Mapping[str, Any]] = {}
        self._definitions: dict[str, Definition] = {}

    def schema(self, name: str) -> Mapping[str, Any]:
        """By bare name, or as a ``$ref`` names it."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = with_defaults(name, self._catalog.definition(name))
        return made

    def definition(self, name: str) -> Definition:
        """One for each name, so that it is compiled once."""
        made = self._definitions.get(name)
        if made is None:
            made = self._definitions[name] = Definition(name, lambda: self.schema(name), self.schema)
        return made


def builtin_resources(
    facts: list[BuiltinResource],
    definitions: Definitions,
    answers: Mapping[GroupKind, Answer],
    actions: Actions = NO_ACTIONS,
) -> Iterator[Resource]:
    """Every resource of ``facts`` that can be served; ``answers`` are those of kinds that are not stored.

    ``actions`` is what subresources do that are done rather than read. CustomResourceDefinitions are left out: they
    have a room of their own.
    """
    stored_kinds: dict[str, StoredKind] = {}
    for one in facts:
        kind = GroupKind(one.group, one.kind)
        if kind == CUSTOM_RESOURCE_DEFINITION:
            continue
        if one.storage is not None:
            stored = stored_kinds.get(one.storage.prefix)
            if stored is None:
                stored = stored_kinds[one.storage.prefix] = stored_kind(one)
            yield _stored_resource(one, stored, definitions, actions)
        elif kind in answers:
            yield _virtual_resource(one, definitions, answer=answers[kind])
        elif (kind, "") in actions:
            itself = SubresourceFacts("", one.group, one.version, one.kind, one.definition, one.verbs)
            action = _action(itself, definitions, actions[kind, ""])
            yield _virtual_resource(one, definitions, actions={"": action})


def namespace_resource(catalog: Catalog, definitions: Definitions) -> tuple[Resource, StoredKind]:
    """Namespaces and where they are stored: other objects live in them, whether they are served themselves or not."""
    facts = next(one for one in catalog.resources() if (one.group, one.plural) == ("", "namespaces"))
    stored = stored_kind(facts)
    return _stored_resource(facts, stored, definitions, NO_ACTIONS), stored


def stored_kind(facts: BuiltinResource) -> StoredKind:
    """Where the objects of a stored kind are. Raises ValueError for one that is not stored."""
    storage = facts.storage
    if storage is None:
        raise ValueError(f"{facts.kind} is not stored")
    kind = storage.group_version_kind
    codec = Codec(kind.api_version, kind.kind, field_reader(kind.group_kind))
    return StoredKind(storage.prefix, kind, facts.namespaced, codec)


def _stored_resource(
    facts: BuiltinResource, stored: StoredKind, definitions: Definitions, actions: Actions
) -> Resource:
    kind, served = stored.kind.group_kind, GroupKind(facts.group, facts.kind)
    names = {one.name for one in facts.subresources}
    selectable = SELECTABLE.get(served) or SELECTABLE.get(kind, ())
    return _resource(
        facts,
        definitions,
        stored=stored,
        strategy=strategy_of(kind, "status" in names),
        columns=_columns(kind),
        verbs=facts.verbs,
        subresources={one.name: one for one in map(_subresource, facts.subresources) if one is not None},
        actions={
            one.name: _action(one, definitions, actions[served, one.name])
            for one in facts.subresources
            if (served, one.name) in actions
        },
        conversion=_conversion(facts, stored),
        selectable_fields=frozenset((*_COMMON_FIELDS, *selectable)),
    )


def _conversion(facts: BuiltinResource, stored: StoredKind) -> Conversion | None:
    served = GroupVersionKind(facts.group, facts.version, facts.kind)
    return event_conversion(served) if served.kind == "Event" and served.group != stored.kind.group else None


def _virtual_resource(
    facts: BuiltinResource,
    definitions: Definitions,
    answer: Answer | None = None,
    actions: Mapping[str, Action] = MappingProxyType({}),
) -> Resource:
    strategy = strategy_of(GroupKind(facts.group, facts.kind), False)
    return _resource(
        facts,
        definitions,
        stored=None,
        strategy=strategy,
        columns=ColumnSet.default,
        verbs=("create",),
        create_only=answer,
        actions=actions,
    )


def _resource(facts: BuiltinResource, definitions: Definitions, **behaviour: Any) -> Resource:
    """The facts that every kind has, and the members of Resource that tell how it behaves."""
    return Resource(
        group=facts.group,
        version=facts.version,
        plural=facts.plural,
        kind=facts.kind,
        namespaced=facts.namespaced,
        singular=facts.singular,
        list_kind=facts.list_kind,
        definition=definitions.definition(facts.definition),
        short_names=facts.short_names,
        categories=facts.categories,
        **behaviour,
    )


def _columns(kind: GroupKind) -> Callable[[], ColumnSet]:
    return lambda: columns_of(kind)


def _subresource(facts: SubresourceFacts) -> Subresource | None:
    """None for what is no part of its object: it is done (binding), or only a cluster with nodes can answer it."""
    kind = GroupVersionKind(facts.group, facts.version, facts.kind)
    if facts.name in _PARTS:
        read, write = _PARTS[facts.name]
        return Subresource(facts.name, kind, facts.verbs, read, write)
    if facts.name == "scale" and kind.kind == "Scale":
        return Subresource(facts.name, kind, facts.verbs, read_scale, write_scale)
    if facts.name == "finalize" and kind.kind == "Namespace":
        return FINALIZE
    if (facts.name, kind.kind) == ("ephemeralcontainers", "Pod"):
        return Subresource(facts.name, kind, facts.verbs, read_status, _put_containers, _check_containers)
    if (facts.name, kind.kind) == ("resize", "Pod"):
        return Subresource(facts.name, kind, facts.verbs, read_status, _put_resources, _check_resources)
    return None


def _put_containers(parent: Object, body: Object) -> Object:
    # Loaded for who debugs a Pod: the server starts sooner.
    from steersman.apis.ephemeral_containers import put_containers

    return put_containers(parent, body)


def _check_containers(new: Object, old: Object) -> list[FieldError]:
    from steersman.apis.ephemeral_containers import check_containers

    return check_containers(new, old)


def _put_resources(parent: Object, body: Object) -> Object:
    from steersman.apis.pod_resize import put_resources

    return put_resources(parent, body)


def _check_resources(new: Object, old: Object) -> list[FieldError]:
    from steersman.apis.pod_resize import check_resources

    return check_resources(new, old)


def _action(facts: SubresourceFacts, definitions: Definitions, behaviour: ActionBehaviour) -> Action:
    kind = GroupVersionKind(facts.group, facts.version, facts.kind)
    if facts.name == "log":
        operation, definition = "", _query_definition("PodLogOptions")
    elif facts.definition:
        operation, definition = CREATE, definitions.definition(facts.definition)
    else:
        operation, definition = CONNECT, _query_definition(facts.kind)
    return Action(facts.name, kind, facts.verbs, operation, definition, behaviour, _ALSO.get(kind, frozenset()))


def _query_definition(kind: str) -> Definition:
    """The schema of what comes in the query: no catalog has it."""

    def load() -> Mapping[str, Any]:
        # Loaded for the first connection: the server starts sooner.
        from steersman.apis.connection_options import SCHEMAS

        return SCHEMAS[kind]

    def resolve(reference: str) -> Mapping[str, Any]:
        raise LookupError(reference)

    return Definition(f"io.k8s.api.core.v1.{kind}", load, resolve)
