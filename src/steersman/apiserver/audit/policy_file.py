"""Audit policy files: read, and checked as kube-apiserver checks them (``--audit-policy-file``)."""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from steersman.apimachinery.errors import (
    FieldError,
    field_invalid,
    field_not_supported,
    field_required,
    field_type_invalid,
)
from steersman.apimachinery.names import subdomain_name
from steersman.apiserver.audit.policy import ALL, LEVEL_NAMES, STAGES, AuditPolicy, AuditRule, GroupResources, Level
from steersman.apiserver.configuration_file import read_document

_logger = logging.getLogger(__name__)

API_VERSION, KIND = "audit.k8s.io/v1", "Policy"

_POLICY_FIELDS = frozenset(("apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"))
_RULE_FIELDS = frozenset(
    (
        *("level", "users", "userGroups", "verbs", "resources", "namespaces"),
        *("nonResourceURLs", "omitStages", "omitManagedFields"),
    )
)
_RESOURCE_FIELDS = frozenset(("group", "resources", "resourceNames"))


def load_policy(path: Path) -> AuditPolicy:
    """The policy that a file has, in YAML or JSON. What it does not know is logged and does not count.

    Raises ValueError, with one line that names the file, for what cannot be read or is no valid Policy.
    """
    try:
        reading = _Reading(read_document(path))
    except FieldError as error:
        raise ValueError(f"{path}: {error}") from None
    for unknown in reading.unknown:
        _logger.warning("%s: %s: the field is not known, and does not count", path, unknown)
    if reading.errors:
        raise ValueError(f"{path}: {_listed(reading.errors)}")
    return reading.policy


def _listed(errors: list[FieldError]) -> str:
    return str(errors[0]) if len(errors) == 1 else f"[{', '.join(map(str, errors))}]"


class _Reading:
    """One document: its ``policy``, all ``errors`` in it, and the paths of ``unknown`` fields.

    Raises FieldError for what has another type than the field.
    """

    def __init__(self, document: Any) -> None:
        self.errors: list[FieldError] = []
        self.unknown: list[str] = []
        if not isinstance(document, dict) or (document.get("apiVersion"), document.get("kind")) != (API_VERSION, KIND):
            raise FieldError("FieldValueInvalid", "kind", f"must be a {KIND} of apiVersion {API_VERSION}")
        self._note_unknown(document, _POLICY_FIELDS, "")
        stages = self._stages(document, "")
        rules = tuple(self._rule(rule, f"rules[{at}]") for at, rule in enumerate(_list(document, "rules", "")))
        if not rules:
            self.errors.append(field_required("rules", "a policy needs at least one rule"))
        self.policy = AuditPolicy(rules, stages, bool(_boolean(document, "")))

    def _note_unknown(self, value: Mapping[str, Any], known: frozenset[str], at: str) -> None:
        self.unknown += [_path(at, name) for name in value if name not in known]

    def _stages(self, value: Mapping[str, Any], at: str) -> tuple[str, ...]:
        stages, path = _strings(value, "omitStages", at), _path(at, "omitStages")
        for index, stage in enumerate(stages):
            if stage not in STAGES:
                told = f"allowed stages are {','.join(STAGES)}"
                self.errors.append(field_invalid(f"{path}[{index}]", stage, told))
        return stages

    def _rule(self, value: Any, at: str) -> AuditRule:
        if not isinstance(value, dict):
            raise field_type_invalid(at, value, "must be an object")
        self._note_unknown(value, _RULE_FIELDS, at)
        level = _string(value, "level", at)
        urls = _strings(value, "nonResourceURLs", at)
        if not level:
            self.errors.append(field_required(f"{at}.level"))
        elif level not in LEVEL_NAMES:
            self.errors.append(field_not_supported(f"{at}.level", level, LEVEL_NAMES))
        self.errors += _url_errors(urls, f"{at}.nonResourceURLs")
        resources = tuple(
            self._resources(one, f"{at}.resources", index) for index, one in enumerate(_list(value, "resources", at))
        )
        stages, namespaces = self._stages(value, at), _strings(value, "namespaces", at)
        if urls and (resources or namespaces):
            told = "rules cannot apply to both regular resources and non-resource URLs"
            self.errors.append(field_invalid(f"{at}.nonResourceURLs", list(urls), told))
        return AuditRule(
            Level(LEVEL_NAMES.index(level)) if level in LEVEL_NAMES else Level.NONE,
            _strings(value, "users", at),
            _strings(value, "userGroups", at),
            _strings(value, "verbs", at),
            resources,
            namespaces,
            urls,
            stages,
            _boolean(value, at),
        )

    def _resources(self, value: Any, at: str, index: int) -> GroupResources:
        if not isinstance(value, dict):
            raise field_type_invalid(f"{at}[{index}]", value, "must be an object")
        at = f"{at}[{index}]"
        self._note_unknown(value, _RESOURCE_FIELDS, at)
        group = _string(value, "group", at)
        if group and group != ALL and (problems := subdomain_name(group, False)):
            self.errors.append(field_invalid(f"{at}.group", group, ",".join(problems)))
        resources, names = _strings(value, "resources", at), _strings(value, "resourceNames", at)
        if names and not resources:
            told = "using resourceNames requires at least one resource"
            self.errors.append(field_invalid(f"{at}.resourceNames", list(names), told))
        return GroupResources(group, resources, names)


def _url_errors(urls: tuple[str, ...], at: str) -> Iterator[FieldError]:
    for index, url in enumerate(urls):
        if url == ALL:
            continue
        if not url.startswith("/"):
            yield field_invalid(f"{at}[{index}]", url, "non-resource URL rules must begin with a '/' character")
        if ALL in url[:-1]:
            told = "non-resource URL wildcards '*' must be the final character of the rule"
            yield field_invalid(f"{at}[{index}]", url, told)


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _read(value: Mapping[str, Any], name: str, at: str, test: Callable[[Any], bool], what: str) -> Any:
    found = value.get(name)
    if found is not None and not test(found):
        raise field_type_invalid(_path(at, name), found, f"must be {what}")
    return found


def _string(value: Mapping[str, Any], name: str, at: str) -> str:
    return _read(value, name, at, lambda found: isinstance(found, str), "a string") or ""


def _boolean(value: Mapping[str, Any], at: str) -> bool | None:
    found: bool | None = _read(value, "omitManagedFields", at, lambda found: isinstance(found, bool), "a boolean")
    return found


def _list(value: Mapping[str, Any], name: str, at: str) -> list[Any]:
    return _read(value, name, at, lambda found: isinstance(found, list), "a list") or []


def _strings(value: Mapping[str, Any], name: str, at: str) -> tuple[str, ...]:
    found = _read(value, name, at, _is_strings, "a list of strings")
    return tuple(found or ())


def _is_strings(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(one, str) for one in found)
