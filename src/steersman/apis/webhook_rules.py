"""Rules of admission webhooks and policies: what is wrong with one (``RuleWithOperations``)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.errors import FieldError, field_invalid, field_not_supported, field_required

ANY = "*"
OPERATIONS = (ANY, "CONNECT", "CREATE", "DELETE", "UPDATE")
SCOPES = (ANY, "Cluster", "Namespaced")


def rule_problems(rule: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    operations = rule.get("operations") or []
    yield from _all_or_some(operations, f"{path}.operations", "operations")
    for index, operation in enumerate(operations):
        if operation not in OPERATIONS:
            yield field_not_supported(f"{path}.operations[{index}]", operation, OPERATIONS)
    # The core group is the empty string, so that a group may be empty.
    yield from _all_or_some(rule.get("apiGroups") or [], f"{path}.apiGroups", "API groups")
    versions = rule.get("apiVersions") or []
    yield from _all_or_some(versions, f"{path}.apiVersions", "API versions")
    yield from _none_empty(versions, f"{path}.apiVersions")
    yield from _resources(rule.get("resources") or [], f"{path}.resources")
    scope = rule.get("scope")
    if scope is not None and scope not in SCOPES:
        yield field_not_supported(f"{path}.scope", scope, SCOPES)


def _all_or_some(values: Sequence[str], path: str, what: str) -> Iterator[FieldError]:
    if not values:
        yield field_required(path)
    elif len(values) > 1 and ANY in values:
        yield field_invalid(path, values, f"if '*' is present, must not specify other {what}")


def _none_empty(values: Sequence[str], path: str) -> Iterator[FieldError]:
    for index, value in enumerate(values):
        if not value:
            yield field_required(f"{path}[{index}]")


def _resources(resources: Sequence[str], path: str) -> Iterator[FieldError]:
    if not resources:
        yield field_required(path)
    whole, everywhere = set[str](), set[str]()
    for index, listed in enumerate(resources):
        at = f"{path}[{index}]"
        if not listed:
            yield field_required(at)
            continue
        resource, slash, part = listed.partition("/")
        if not slash:
            continue
        if resource in whole:
            yield field_invalid(at, listed, f"if '{resource}/*' is present, must not specify {listed}")
        if part in everywhere:
            yield field_invalid(at, listed, f"if '*/{part}' is present, must not specify {listed}")
        if part == ANY:
            whole.add(resource)
        if resource == ANY:
            everywhere.add(part)
    if len(resources) > 1 and "*/*" in resources:
        yield field_invalid(path, resources, "if '*/*' is present, must not specify other resources")
    if ANY in resources and any(listed and listed != ANY and "/" not in listed for listed in resources):
        detail = "if '*' is present, must not specify other resources without subresources"
        yield field_invalid(path, resources, detail)
