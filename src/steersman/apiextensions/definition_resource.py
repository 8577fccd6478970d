"""The CustomResourceDefinition kind itself, as resources: v1, stored as it is, and v1beta1, seen through conversion."""

from collections.abc import Callable

from steersman.apiextensions.conversion import to_v1, to_v1beta1
from steersman.apiextensions.definition_strategy import DefinitionStrategy
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.table import ColumnSet
from steersman.apis.status import read_status, write_status
from steersman.apiserver.registry.resource import Conversion, Definition, Resource, StoredKind, Subresource
from steersman.storage.watch_cache import Codec

GROUP = "apiextensions.k8s.io"
KIND = "CustomResourceDefinition"
PLURAL = "customresourcedefinitions"


def definition_resources(
    v1: Definition, v1beta1: Definition | None, columns: Callable[[], ColumnSet]
) -> list[Resource]:
    """The resources of the kind, v1 first; v1beta1 only where its schema is given."""
    kind = GroupVersionKind(GROUP, "v1", KIND)
    stored = StoredKind(f"/registry/{GROUP}/{PLURAL}/", kind, False, Codec(kind.api_version, kind.kind))
    resources = [_resource("v1", v1, stored, columns, None)]
    if v1beta1 is not None:
        resources.append(_resource("v1beta1", v1beta1, stored, columns, Conversion(to_v1, to_v1beta1)))
    return resources


def _resource(
    version: str,
    definition: Definition,
    stored: StoredKind,
    columns: Callable[[], ColumnSet],
    conversion: Conversion | None,
) -> Resource:
    kind = GroupVersionKind(GROUP, version, KIND)
    status = Subresource("status", kind, ("get", "patch", "update"), read=read_status, write=write_status)
    return Resource(
        group=GROUP,
        version=version,
        plural=PLURAL,
        kind=KIND,
        namespaced=False,
        singular="customresourcedefinition",
        list_kind=f"{KIND}List",
        definition=definition,
        stored=stored,
        strategy=DefinitionStrategy(v1=version == "v1"),
        columns=columns,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        subresources={"status": status},
        conversion=conversion,
        selectable_fields=frozenset(("metadata.name",)),
    )
