"""The unaggregated list of a version's resources: APIResourceList of meta/v1."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Action, Resource, Subresource


def api_resource_list(group_version: GroupVersion, resources: Iterable["Resource"]) -> dict[str, Any]:
    """``/api/v1`` and ``/apis/<group>/<version>``: resources by name, each followed by its subresources."""
    entries = [entry for resource in resources for entry in _entries(resource)]
    entries.sort(key=lambda entry: str(entry["name"]))
    head = {"kind": "APIResourceList"}
    if group_version.group:
        # The core group's lists never had an apiVersion, and clients have come to know it so.
        head["apiVersion"] = "v1"
    return {**head, "groupVersion": str(group_version), "resources": entries}


def storage_version_hash(kind: GroupVersionKind) -> str:
    """Opaque name of the version that objects are stored in, the same as kube-apiserver gives."""
    return b64encode(sha256("/".join(kind).encode()).digest()[:8]).decode()


def _entries(resource: "Resource") -> Iterable[dict[str, Any]]:
    entry: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = resource.short_names
    if resource.categories:
        entry["categories"] = resource.categories
    if resource.stored is not None:
        entry["storageVersionHash"] = storage_version_hash(resource.stored.kind)
    yield entry
    for subresource in resource.subresources.values():
        yield _subresource(resource, subresource)
    for name, action in resource.actions.items():
        if name:
            yield _subresource(resource, action)


def _subresource(resource: "Resource", subresource: "Subresource | Action") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": f"{resource.plural}/{subresource.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
    }
    if subresource.kind.group_version != resource.group_version:
        entry |= {"group": subresource.kind.group, "version": subresource.kind.version}
    return {**entry, "kind": subresource.kind.kind, "verbs": sorted(subresource.verbs)}
