"""The class that is marked as the default one among those of a kind: StorageClasses, IngressClasses."""

from collections.abc import Sequence

from steersman.apimachinery.errors import internal_error
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

ONE_ONLY_UNTIL = 26
"""The Kubernetes minor from which on the newest of several defaults counts; before, they were an error."""


async def default_class_name(
    objects: ObjectReader, resource: GroupResource, annotations: Sequence[str], minor: int, too_many: str
) -> str | None:
    """The name of the class with one of ``annotations`` set to ``true``; None: there is none.

    Of several it is the newest, of those the first by name; raises InternalError with ``too_many`` after their number
    where the Kubernetes ``minor`` wants one only.
    """
    marked = [
        metadata
        for metadata in [entry.parsed()["metadata"] for entry in await objects.list(resource)]
        if any((metadata.get("annotations") or {}).get(one) == "true" for one in annotations)
    ]
    if len(marked) > 1 and minor < ONE_ONLY_UNTIL:
        raise internal_error(f"{len(marked)} {too_many}")
    return _newest(marked)["name"] if marked else None


def _newest(classes: Sequence[Object]) -> Object:
    """Lists are in the order of names, and of equal ones the first is the greatest."""
    return max(classes, key=lambda metadata: str(metadata.get("creationTimestamp") or ""))
