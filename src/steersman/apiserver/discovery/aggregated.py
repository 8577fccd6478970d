"""Aggregated discovery: all groups, versions and resources in one document (apidiscovery.k8s.io, KEP-3352)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from steersman.apimachinery.group_version import GroupVersionKind

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Action, Resource, Subresource

VERSIONS = ("v2", "v2beta1")
"""Versions of apidiscovery.k8s.io, whose documents differ only in the name; kubectl 1.26–1.29 ask for v2beta1."""


def content_type(version: str) -> bytes:
    """The media type of the document; clients compare it as text, so the order of the parameters is part of it."""
    return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList".encode()


def api_group_discovery_list(version: str, groups: Mapping[str, Mapping[str, Iterable["Resource"]]]) -> dict[str, Any]:
    """``groups``: group to version to resources, preferred ones first. The core group stands alone in its document."""
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_group(group, versions) for group, versions in groups.items()],
    }


def _group(group: str, versions: Mapping[str, Iterable["Resource"]]) -> dict[str, Any]:
    listed = [
        {
            "version": version,
            "resources": [_resource(one) for one in sorted(resources, key=lambda one: one.plural)],
            "freshness": "Current",
        }
        for version, resources in versions.items()
    ]
    return {"metadata": {"name": group} if group else {}, "versions": listed}


def _resource(resource: "Resource") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _response_kind(resource, resource.gvk),
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": sorted(resource.verbs),
    }
    subresources: dict[str, Subresource | Action] = {**resource.subresources, **resource.actions}
    optional: dict[str, Sequence[Any]] = {
        "shortNames": resource.short_names,
        "categories": resource.categories,
        "subresources": [
            {
                "subresource": name,
                "responseKind": _response_kind(resource, subresource.kind),
                "verbs": sorted(subresource.verbs),
            }
            for name, subresource in sorted(subresources.items())
            if name
        ],
    }
    return entry | {name: value for name, value in optional.items() if value}


def _response_kind(resource: "Resource", kind: GroupVersionKind) -> dict[str, str]:
    """A built-in kind of the list's own group and version stands without them, as kube-apiserver has it."""
    if not resource.custom and kind.group_version == resource.group_version:
        return {"group": "", "version": "", "kind": kind.kind}
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}
