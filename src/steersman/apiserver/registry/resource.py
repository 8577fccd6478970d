"""What it takes to serve one kind in one version: names, storage, schema, columns and the behaviour of its own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct, field

from steersman.apimachinery.errors import FieldError
from steersman.apimachinery.group_version import GroupResource, GroupVersion, GroupVersionKind
from steersman.apimachinery.names import NameValidator, subdomain_name
from steersman.apimachinery.schema import CompiledSchema
from steersman.apimachinery.strategic_merge import PatchMeta
from steersman.apimachinery.table import ColumnSet
from steersman.storage.store import KeyValue
from steersman.storage.watch_cache import Codec, Entry

if TYPE_CHECKING:
    from steersman.apimachinery.server_side_apply import MergeSchema

Object = dict[str, Any]
"""A decoded API object."""

STANDARD_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Definition(Struct, frozen=True, dict=True):
    """A schema by its OpenAPI name, loaded when first asked for.

    ``load`` gives the schema (OpenAPI v3, read-only), ``resolve`` what a ``$ref`` in it names.
    """

    name: str
    load: Callable[[], Mapping[str, Any]]
    resolve: Callable[[str], Mapping[str, Any]]

    @cached_property
    def compiled(self) -> CompiledSchema:
        return CompiledSchema.compile(self.load(), self.resolve)

    @cached_property
    def patch_meta(self) -> PatchMeta:
        """Merge keys and strategies, for strategic merge patches."""
        return PatchMeta(self.load(), self.resolve)

    @cached_property
    def merge_schema(self) -> "MergeSchema":
        """How fields merge and who may share them, for server-side apply."""
        # Imported for the first object whose fields are tracked: the server starts sooner.
        from steersman.apimachinery.server_side_apply import MergeSchema

        return MergeSchema.read(self.load(), self.resolve)


class StoredKind(Struct, frozen=True):
    """Where and as what the objects of a kind are stored; shared by all its served versions.

    ``prefix`` ends with a slash; a key is prefix + [namespace + "/" +] name.
    """

    prefix: str
    kind: GroupVersionKind
    namespaced: bool
    codec: Codec

    def key(self, namespace: str, name: str) -> str:
        return f"{self.prefix}{namespace}/{name}" if self.namespaced else self.prefix + name

    def entry(self, namespace: str, name: str, data: bytes, revision: int, create_revision: int) -> Entry:
        """An entry that is not (or not yet) in the cache, such as a dry run's result."""
        return Entry(namespace, name, revision, create_revision, data, self.codec)

    def entry_of(self, item: KeyValue) -> Entry:
        """An entry from what the store holds at some revision."""
        namespace, _, name = item.key.removeprefix(self.prefix).rpartition("/")
        return self.entry(
            namespace, name, self.codec.final(item.value, item.mod_revision), item.mod_revision, item.create_revision
        )


class Conversion(Struct, frozen=True):
    """Between a served version and the stored one, where the shape differs; both take and give whole objects."""

    to_stored: Callable[[Object], Object]
    from_stored: Callable[[Object], Object]


class Strategy:
    """What a kind does beyond its schema. Kinds with behaviour of their own override single methods.

    All methods are pure; ``prepare_*`` change ``obj`` in place, ``validate*`` return what is wrong.
    """

    tracks_generation = False
    """Whether metadata.generation counts changes outside metadata and status."""
    has_status = False
    """Whether ``status`` is written only through the status subresource."""

    validate_name: NameValidator = staticmethod(subdomain_name)

    def prepare_for_create(self, obj: Object) -> None:
        if self.has_status:
            obj.pop("status", None)

    def prepare_for_update(self, obj: Object, old: Object) -> None:
        if self.has_status:
            if "status" in old:
                obj["status"] = old["status"]
            else:
                obj.pop("status", None)

    def may_go(self, obj: Object) -> bool:
        """Whether a deletion removes the object now, rather than mark it and wait for what holds it."""
        return not obj["metadata"].get("finalizers")

    def begin_deletion(self, obj: Object) -> None:
        """Change ``obj`` when it is marked for deletion (a Namespace becomes Terminating)."""

    def complete(self, obj: Object) -> None:
        """Set the defaults that depend on other fields, after the schema's own."""

    def validate(self, obj: Object) -> list[FieldError]:
        return []

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return []

    def warnings(self, obj: Object) -> list[str]:
        return []


class Subresource(Struct, frozen=True):
    """A part of an object with a path of its own.

    ``read`` shows the parent (in its served version) as the subresource's body, ``write`` puts a body into the
    parent and returns the parent to store. ``check`` tells what is wrong with the parent that is to be stored, beside
    the one that is, after admission.
    """

    name: str
    kind: GroupVersionKind
    verbs: tuple[str, ...]
    read: Callable[[Object], Object]
    write: Callable[[Object, Object], Object]
    check: Callable[[Object, Object], list[FieldError]] | None = None


class ActionCall(Struct, frozen=True):
    """An action that was authorized and admitted.

    ``parent`` is the object it is about (a private copy, in its served version; {} where it is about none of a stored
    kind), ``body`` what was sent, checked and with its defaults, or what was asked for in the query. ``name`` is that
    in the URL.
    """

    parent: Object
    body: Object
    namespace: str
    name: str
    user: Any
    dry_run: bool = False


def _nothing(body: Object, namespace: str, name: str) -> None:
    pass


class ActionBehaviour(Struct, frozen=True):
    """What an action does.

    ``act`` gives the answer's body, a Status or one of the shape that was sent, None for an answer without one, and
    raises ApiError. ``prepare`` is
    told the body as mutating admission left it, the namespace and the name in the URL: it completes the body before
    validating admission sees it, and raises ApiError for one that cannot be. ``parent_name`` is from the name in the
    URL to that of the parent, for those that say more there (``https:NAME:8443``); it raises ApiError.
    """

    act: Callable[[ActionCall], Awaitable[Object | None]]
    prepare: Callable[[Object, str, str], None] = _nothing
    parent_name: Callable[[str], str] = str


class Action(Struct, frozen=True):
    """A subresource that is done, not read: ``pods/binding``, ``pods/exec``, ``serviceaccounts/token``.

    ``kind`` is that of its body, or of the options that a connection has in the query; ``definition`` is their schema.
    ``verbs`` are those of the API (``create``; ``get`` too for connections). ``operation`` is what admission is told,
    CREATE or CONNECT, empty for what it is not asked about. ``also`` are the other apiVersions of which a body may be.
    """

    name: str
    kind: GroupVersionKind
    verbs: tuple[str, ...]
    operation: str
    definition: Definition
    behaviour: ActionBehaviour
    also: frozenset[str] = frozenset()
    custom: ClassVar[bool] = False

    @property
    def gvk(self) -> GroupVersionKind:
        return self.kind


class CreateCall(Struct, frozen=True):
    """A POST that is answered and stores nothing, such as a review; ``user`` is who asks."""

    body: Object
    namespace: str
    user: Any


class Resource(Struct, frozen=True, eq=False, dict=True):
    """One kind served in one version of its group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str
    list_kind: str
    definition: Definition
    stored: StoredKind | None
    """None for a virtual resource, which has ``create_only`` or ``computed``."""
    strategy: Strategy
    columns: Callable[[], ColumnSet]
    """Printer columns, asked for at the first Table."""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = STANDARD_VERBS
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    """By the subresource's name; "" is what a POST does where the resource itself is an action (``bindings``)."""
    conversion: Conversion | None = None
    selectable_fields: frozenset[str] = frozenset(("metadata.name", "metadata.namespace"))
    custom: bool = False
    """A custom resource: type errors are 422 and null follows the schema, where Go's decoder rules built-in kinds."""
    strategic_merge: bool = True
    create_only: Callable[[CreateCall], Awaitable[Object]] | None = None
    computed: Callable[[], Sequence[Object]] | None = None
    """What there is at this moment of a kind that is not stored but found out when it is asked for."""
    representations: dict[Any, Any] = field(default_factory=dict)
    """How its objects are shown, by what clients accept: made once each, by the handlers."""

    @cached_property
    def group_version(self) -> GroupVersion:
        return GroupVersion(self.group, self.version)

    @cached_property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.group, self.plural)

    @cached_property
    def gvk(self) -> GroupVersionKind:
        return GroupVersionKind(self.group, self.version, self.kind)

    @cached_property
    def api_version(self) -> str:
        return str(self.group_version)

    @cached_property
    def is_stored_version(self) -> bool:
        """Whether the stored bytes are this version's bytes as they are."""
        return self.stored is not None and self.conversion is None and self.stored.kind == self.gvk
