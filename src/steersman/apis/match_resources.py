"""What admission policies and their bindings say of requests and parameters: what is wrong with it.

``MatchResources``, ``ParamKind`` and ``ParamRef`` of admissionregistration.k8s.io.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steersman.apimachinery.errors import (
    FieldError,
    field_duplicate,
    field_forbidden,
    field_invalid,
    field_not_supported,
    field_required,
)
from steersman.apimachinery.group_version import GroupVersion
from steersman.apimachinery.names import check_dns1035_label, check_dns1123_subdomain, check_path_segment
from steersman.apis.label_selector_validation import selector_problems
from steersman.apis.webhook_rules import rule_problems

MATCH_POLICIES = ("Equivalent", "Exact")
NOT_FOUND_ACTIONS = ("Deny", "Allow")
MUTATING_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
"""Nothing is to be changed of what is deleted."""

_SELECTORS = ("namespaceSelector", "objectSelector")


def choice_problems(chosen: str | None, path: str, supported: Sequence[str]) -> Iterator[FieldError]:
    """Of a field that must have one of some values."""
    if not chosen:
        yield field_required(path)
    elif chosen not in supported:
        yield field_not_supported(path, chosen, supported)


def match_problems(match: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    yield from choice_problems(match.get("matchPolicy"), f"{path}.matchPolicy", MATCH_POLICIES)
    for field in _SELECTORS:
        selector = match.get(field)
        if selector is None:
            yield field_required(f"{path}.{field}")
        else:
            yield from selector_problems(selector, f"{path}.{field}")
    for field in ("resourceRules", "excludeResourceRules"):
        for index, rule in enumerate(match.get(field) or ()):
            yield from _named_rule_problems(rule, f"{path}.{field}[{index}]")


def mutating_operation_problems(match: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    """Of operations in which nothing can be changed."""
    for rule in match.get("resourceRules") or ():
        for operation in rule.get("operations") or ():
            if operation not in MUTATING_OPERATIONS:
                yield field_not_supported(f"{path}.resourceRules.operations", operation, MUTATING_OPERATIONS)


def _named_rule_problems(rule: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    names = rule.get("resourceNames") or []
    for index, name in enumerate(names):
        at = f"{path}.resourceNames[{index}]"
        for problem in check_path_segment(name):
            yield field_invalid(at, name, problem)
        if name in names[:index]:
            yield field_duplicate(at, name)
    yield from rule_problems(rule, path)


def param_kind_problems(kind: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    api_version, name = kind.get("apiVersion") or "", kind.get("kind") or ""
    if api_version:
        yield from _api_version_problems(api_version, f"{path}.apiVersion")
    else:
        yield field_required(f"{path}.apiVersion")
    if not name:
        yield field_required(f"{path}.kind")
    elif problems := check_dns1035_label(name.lower()):
        detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
        yield field_invalid(f"{path}.kind", name, detail)


def _api_version_problems(text: str, path: str) -> Iterator[FieldError]:
    try:
        version = GroupVersion.parse("" if text == "/" else text)
    except ValueError as error:
        yield field_invalid(path, text, str(error))
        return
    if version.group and (problems := check_dns1123_subdomain(version.group)):
        yield field_invalid(path, version.group, ",".join(problems))
    if not version.version:
        yield field_invalid(path, text, "version must be specified")
    elif problems := check_dns1035_label(version.version):
        yield field_invalid(path, version.version, ",".join(problems))


def param_ref_problems(reference: Mapping[str, Any], path: str, *, not_found_action: bool) -> Iterator[FieldError]:
    """``not_found_action`` is whether the API version knows ``parameterNotFoundAction`` for certain."""
    name, selector = reference.get("name") or "", reference.get("selector")
    exclusive = "name and selector are mutually exclusive"
    if name:
        for problem in check_path_segment(name):
            yield field_invalid(f"{path}.name", name, problem)
        if selector is not None:
            yield field_forbidden(f"{path}.name", exclusive)
    if selector is not None:
        yield from selector_problems(selector, f"{path}.selector")
        if name:
            yield field_forbidden(f"{path}.selector", exclusive)
    if not name and selector is None:
        yield field_required(path, "one of name or selector must be specified")
    action = reference.get("parameterNotFoundAction")
    if not_found_action or action:
        yield from choice_problems(action, f"{path}.parameterNotFoundAction", NOT_FOUND_ACTIONS)
