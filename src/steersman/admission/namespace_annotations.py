"""Annotations of the namespace that an object is created in, from which some plugins take their orders."""

from collections.abc import Mapping

from steersman.admission.namespace_lifecycle import NAMESPACES
from steersman.apimachinery.errors import not_found
from steersman.apiserver.registry.reader import ObjectReader


async def annotations_of(objects: ObjectReader, namespace: str) -> Mapping[str, str]:
    """Raises NotFound where there is no such namespace."""
    entry = await objects.get(NAMESPACES, "", namespace)
    if entry is None:
        raise not_found(NAMESPACES, namespace)
    found: Mapping[str, str] = entry.parsed()["metadata"].get("annotations") or {}
    return found
