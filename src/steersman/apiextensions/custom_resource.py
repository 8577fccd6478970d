"""From a CustomResourceDefinition (v1 form, names accepted) to what is served of it."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from steersman.apiextensions.conditions import TERMINATING, is_condition_true
from steersman.apiextensions.scale import ScalePaths
from steersman.apimachinery.errors import FieldError, forbidden
from steersman.apimachinery.group_version import GroupResource, GroupVersionKind, version_priority
from steersman.apimachinery.names import check_qualified_name, subdomain_name
from steersman.apimachinery.schema import CompiledSchema
from steersman.apimachinery.table import ColumnSet
from steersman.apis.status import read_status, write_status
from steersman.apiserver.registry.resource import Definition, Resource, StoredKind, Strategy, Subresource
from steersman.storage.watch_cache import Codec

Object = dict[str, Any]

FINALIZERS_WITHOUT_DOMAIN = ("orphan", "foregroundDeletion", "kubernetes")
_SUBRESOURCE_VERBS = ("get", "patch", "update")
_AGE = (
    {
        "name": "Age",
        "type": "date",
        "jsonPath": ".metadata.creationTimestamp",
        "description": "CreationTimestamp is a timestamp representing the server time when this object was created.",
    },
)


def served_resources(crd: Object, previous: StoredKind | None = None) -> list[Resource]:
    """One resource for each served version, sharing one stored kind: ``previous`` where it still fits.

    A definition whose conversion strategy is Webhook is served in its storage version alone, for without the webhook
    being called no other version could be given rightly.
    """
    spec = crd["spec"]
    stored = stored_kind(crd, previous)
    return [
        _resource(crd, version, stored)
        for version in spec["versions"]
        if version.get("served") and (not converts_by_webhook(spec) or version.get("storage"))
    ]


def storing_resource(crd: Object, previous: StoredKind | None = None) -> Resource:
    """The resource of the storage version, served or not: what the instances are deleted through."""
    version = next(version for version in crd["spec"]["versions"] if version.get("storage"))
    return _resource(crd, version, stored_kind(crd, previous))


def converts_by_webhook(spec: Object) -> bool:
    """Whether versions can only be converted by a webhook (one version alone never is)."""
    return (spec.get("conversion") or {}).get("strategy") == "Webhook" and len(spec["versions"]) > 1


def storage_version(spec: Object) -> str:
    """The name of the version that objects are stored in; "" where none is marked."""
    return next((version.get("name") or "" for version in spec.get("versions") or () if version.get("storage")), "")


def stored_prefix(crd: Object) -> str:
    return f"/registry/{crd['spec']['group']}/{crd['spec']['names']['plural']}/"


def stored_kind(crd: Object, previous: StoredKind | None = None) -> StoredKind:
    """Where and how the definition's objects are stored; ``previous`` itself where nothing of that changed."""
    spec = crd["spec"]
    kind = GroupVersionKind(spec["group"], storage_version(spec), crd["status"]["acceptedNames"]["kind"])
    paths = frozenset(path for version in spec["versions"] for path in _selectable_paths(version))
    if previous is not None and previous.kind == kind:
        fields = previous.codec.fields
        if (fields.paths if isinstance(fields, _SelectableFields) else frozenset()) == paths:
            return previous
    codec = Codec(kind.api_version, kind.kind, _SelectableFields(paths) if paths else None)
    return StoredKind(stored_prefix(crd), kind, spec["scope"] == "Namespaced", codec)


class _SelectableFields:
    """From an object to the text of its selectable fields, by path."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.paths = paths
        self._steps = [(path, tuple(path.split("."))) for path in sorted(paths)]

    def __call__(self, obj: Any) -> Mapping[str, str]:
        return {path: _field_text(obj, steps) for path, steps in self._steps}


def _field_text(obj: Any, steps: tuple[str, ...]) -> str:
    for step in steps:
        obj = obj.get(step) if isinstance(obj, dict) else None
    if obj is None:
        return ""
    return str(obj).lower() if isinstance(obj, bool) else str(obj)


def _selectable_paths(version: Object) -> frozenset[str]:
    return frozenset(field["jsonPath"].removeprefix(".") for field in version.get("selectableFields") or ())


def _resource(crd: Object, version: Object, stored: StoredKind) -> Resource:
    spec, names = crd["spec"], crd["status"]["acceptedNames"]
    subresources = version.get("subresources") or {}
    kind = GroupVersionKind(spec["group"], version["name"], names["kind"])
    scale = ScalePaths(subresources["scale"]) if subresources.get("scale") else None
    served: dict[str, Subresource] = {}
    if subresources.get("status") is not None:
        served["status"] = Subresource("status", kind, _SUBRESOURCE_VERBS, read=read_status, write=write_status)
    if scale is not None:
        served["scale"] = scale.subresource()
    own_fields = frozenset(("metadata.name", "metadata.namespace") if stored.namespaced else ("metadata.name",))
    return Resource(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=stored.namespaced,
        singular=names.get("singular") or "",
        list_kind=names.get("listKind") or f"{names['kind']}List",
        definition=_definition(spec, version, kind),
        stored=stored,
        strategy=CustomResourceStrategy(
            GroupResource(spec["group"], names["plural"]),
            has_status="status" in served,
            scale=scale,
            terminating=is_terminating(crd),
            deprecation=_deprecation(spec, version),
        ),
        columns=cache(lambda: _columns(version)),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=served,
        selectable_fields=own_fields | _selectable_paths(version),
        custom=True,
        strategic_merge=False,
    )


def _columns(version: Object) -> ColumnSet:
    try:
        return ColumnSet.from_printer_columns(version.get("additionalPrinterColumns") or _AGE)
    except ValueError:
        # A path that cannot be read is no reason to refuse a definition: kube-apiserver shows the names alone.
        return ColumnSet.from_printer_columns(())


def is_terminating(crd: Object) -> bool:
    return "deletionTimestamp" in crd["metadata"] or is_condition_true(crd, TERMINATING)


class _PreservingSchema(CompiledSchema):
    """Validates and defaults, but drops nothing (``spec.preserveUnknownFields``)."""

    __slots__ = ()

    def prune(self, value: Any) -> list[str]:
        return []


class _PreservingDefinition(Definition, frozen=True, dict=True):
    @cached_property
    def compiled(self) -> CompiledSchema:
        return _PreservingSchema.compile(self.load())


def _definition(spec: Object, version: Object, kind: GroupVersionKind) -> Definition:
    schema: Mapping[str, Any] = (version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"}
    name = f"{'.'.join(reversed(kind.group.split('.')))}.{kind.version}.{kind.kind}"
    if spec.get("preserveUnknownFields"):
        whole = {**schema, "x-kubernetes-preserve-unknown-fields": True}
        return _PreservingDefinition(name, lambda: whole, _no_reference)
    return Definition(name, lambda: schema, _no_reference)


def _no_reference(ref: str) -> Mapping[str, Any]:
    raise LookupError(f"a custom resource's schema has no references: {ref}")


def _deprecation(spec: Object, version: Object) -> str:
    """The warning for a deprecated version, "" for another."""
    if not version.get("deprecated"):
        return ""
    if version.get("deprecationWarning") is not None:
        return str(version["deprecationWarning"])
    group, kind = spec["group"], spec["names"]["kind"]
    rank = version_priority(version["name"])
    better = [
        one["name"]
        for one in spec["versions"]
        if one.get("served") and not one.get("deprecated") and version_priority(one["name"]) < rank
    ]
    warning = f"{group}/{version['name']} {kind} is deprecated"
    return f"{warning}; use {group}/{min(better, key=version_priority)} {kind}" if better else warning


class CustomResourceStrategy(Strategy):
    tracks_generation = True
    validate_name = staticmethod(subdomain_name)

    def __init__(
        self,
        resource: GroupResource,
        *,
        has_status: bool,
        scale: ScalePaths | None,
        terminating: bool,
        deprecation: str,
    ) -> None:
        self.has_status = has_status
        self._resource, self._scale, self._terminating, self._deprecation = resource, scale, terminating, deprecation

    def prepare_for_create(self, obj: Object) -> None:
        """Raises Forbidden while the definition is being deleted."""
        if self._terminating:
            name = obj["metadata"].get("name") or ""
            message = "create not allowed while custom resource definition is terminating"
            raise forbidden(self._resource, name, message)
        super().prepare_for_create(obj)

    def validate(self, obj: Object) -> list[FieldError]:
        return self._scale.validate(obj) if self._scale is not None else []

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return self.validate(obj)

    def warnings(self, obj: Object) -> list[str]:
        warnings = [self._deprecation] if self._deprecation else []
        for finalizer in sorted(obj["metadata"].get("finalizers") or ()):
            warnings += _finalizer_warnings(finalizer)
        return warnings


def _finalizer_warnings(finalizer: str) -> list[str]:
    about = f'metadata.finalizers: "{finalizer}": '
    warnings = [about + problem for problem in check_qualified_name(finalizer)]
    if "/" not in finalizer and finalizer not in FINALIZERS_WITHOUT_DOMAIN:
        path = " including a path (/)" if "." in finalizer else ""
        warnings.append(
            f"{about}prefer a domain-qualified finalizer name{path} to avoid accidental conflicts with other finalizer "
            "writers"
        )
    return warnings
