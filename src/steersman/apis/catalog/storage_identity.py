"""Where built-in objects are stored, and which versions of a kind share their stored objects.

Keys are upstream's: ``/registry/<plural>/``, with the group in it for the two groups that have servers of their own,
and with the old names that some resources keep. Versions of one shape are one stored object there. A version of another
shape, as long as nothing converts it, is stored apart under ``/registry/<plural>.<version>.<group>/``: so no object is
ever shown in a shape that it does not have.
"""

from steersman.apimachinery.group_version import GroupResource, GroupVersionKind
from steersman.apis.catalog.resource import StorageIdentity

ROOT = "/registry/"
_GROUPS_IN_KEYS = frozenset({"apiextensions.k8s.io", "apiregistration.k8s.io"})
_OLD_NAMES = {
    GroupResource("", "endpoints"): "services/endpoints",
    GroupResource("", "nodes"): "minions",
    GroupResource("", "replicationcontrollers"): "controllers",
    GroupResource("", "services"): "services/specs",
    GroupResource("networking.k8s.io", "ingresses"): "ingress",
}
# Versions of another shape than the stored one that are converted when read and written.
CONVERTED = frozenset(
    {
        GroupVersionKind("apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition"),
        GroupVersionKind("events.k8s.io", "v1", "Event"),
        GroupVersionKind("events.k8s.io", "v1beta1", "Event"),
    }
)


def storage_identity(
    served: GroupVersionKind, stored: GroupVersionKind, same_shape: GroupVersionKind, plural: str
) -> StorageIdentity:
    """The place of ``served``, given the version that its kind is stored in and the first version of its own shape."""
    if same_shape == stored or served in CONVERTED:
        return StorageIdentity(_prefix(GroupResource(stored.group, plural)), *stored)
    group = f".{same_shape.group}" if same_shape.group else ""
    return StorageIdentity(f"{ROOT}{plural}.{same_shape.version}{group}/", *same_shape)


def _prefix(resource: GroupResource) -> str:
    if resource.group in _GROUPS_IN_KEYS:
        return f"{ROOT}{resource.group}/{resource.resource}/"
    return f"{ROOT}{_OLD_NAMES.get(resource, resource.resource)}/"
