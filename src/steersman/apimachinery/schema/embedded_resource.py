"""What ``x-kubernetes-embedded-resource`` asks of a value: an apiVersion and a kind, and metadata that is an object."""

from collections.abc import Iterator
from typing import Any

from steersman.apimachinery.errors import FieldError, field_invalid, field_required
from steersman.apimachinery.group_version import GroupVersion
from steersman.apimachinery.names import check_dns1035_label
from steersman.apimachinery.schema.rendering import bounded


def explain_embedded(value: dict[str, Any], prefix: str) -> Iterator[FieldError]:
    """``prefix`` is the path of ``value`` with a dot after it, or empty at the root."""
    for name in ("apiVersion", "kind"):
        field = prefix + name
        if name not in value:
            yield field_required(field)
        elif not isinstance(text := value[name], str):
            yield field_invalid(field, bounded(text), "must be a string")
        elif not text:
            yield field_invalid(field, text, "must not be empty")
        elif detail := _misnamed(name, text):
            yield field_invalid(field, bounded(text), detail)
    metadata = value.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        yield field_invalid(f"{prefix}metadata", bounded(metadata), "must be an object")


def _misnamed(name: str, text: str) -> str:
    if name == "kind":
        reasons = check_dns1035_label(text.lower())
        return "may have mixed case, but should otherwise match: " + ",".join(reasons) if reasons else ""
    try:
        GroupVersion.parse(text)
    except ValueError as error:
        return str(error)
    return ""
