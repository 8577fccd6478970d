"""What an access review asks about: its attributes checked, and read as what a request would ask for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery import field_selector, label_selector
from steersman.apimachinery.errors import FieldError, field_invalid, field_required
from steersman.apiserver.request_info import RequestInfo

_NEITHER = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
_BOTH = "cannot be specified in combination with resourceAttributes"
_TWICE = "may not specified at the same time as requirements"


def attribute_errors(spec: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the attributes of a review's ``spec``."""
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and path is not None:
        return [field_invalid("spec.nonResourceAttributes", path, _BOTH)]
    if resource is None and path is None:
        return [field_invalid("spec.resourceAttributes", None, _NEITHER)]
    return list(_selector_errors(resource)) if resource is not None else []


def asked(spec: Mapping[str, Any], namespace: str) -> RequestInfo:
    """The request that the review is about; ``namespace`` is that of a local one."""
    resource = spec.get("resourceAttributes")
    if resource is None:
        path = spec["nonResourceAttributes"]
        return RequestInfo(path.get("verb") or "", path.get("path") or "")
    return RequestInfo(
        resource.get("verb") or "",
        "",
        True,
        resource.get("group") or "",
        resource.get("version") or "",
        resource.get("namespace") or namespace,
        resource.get("resource") or "",
        resource.get("subresource") or "",
        resource.get("name") or "",
        _selector(resource.get("fieldSelector"), _field_term),
        _selector(resource.get("labelSelector"), _label_term),
    )


def _selector_errors(resource: Mapping[str, Any]) -> Iterator[FieldError]:
    for kind in ("fieldSelector", "labelSelector"):
        selector, field = resource.get(kind), f"spec.resourceAttributes.{kind}"
        if selector is None:
            continue
        raw, requirements = selector.get("rawSelector") or "", selector.get("requirements") or ()
        if raw and requirements:
            yield field_invalid(f"{field}.rawSelector", raw, _TWICE)
        if not raw and not requirements:
            yield field_required(
                f"{field}.requirements", f"when {field} is specified, requirements or rawSelector is required"
            )


_FIELD_OPERATORS = {"In": "=", "NotIn": "!="}
_LABEL_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def _field_term(key: str, operator: str, values: Sequence[str]) -> str:
    if operator not in _FIELD_OPERATORS or len(values) != 1:
        return ""
    return str(field_selector.Requirement(key, _FIELD_OPERATORS[operator], values[0]))


def _label_term(key: str, operator: str, values: Sequence[str]) -> str:
    if operator not in _LABEL_OPERATORS:
        return ""
    return str(label_selector.Requirement(key, _LABEL_OPERATORS[operator], tuple(values)))


def _selector(selector: Mapping[str, Any] | None, write: Callable[[str, str, Sequence[str]], str]) -> str:
    """As a request writes it. What cannot be written that way is left out: selectors only narrow what is asked."""
    if selector is None:
        return ""
    terms = (
        write(one.get("key") or "", one.get("operator") or "", one.get("values") or ())
        for one in selector.get("requirements") or ()
    )
    return ",".join(filter(None, terms)) or selector.get("rawSelector") or ""
