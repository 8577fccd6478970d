"""PodSecurityConfiguration (pod-security.admission.config.k8s.io): the policy of namespaces that say nothing, and
who is exempt.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from steersman.admission.pod_security.level import (
    LATEST,
    MODES,
    PRIVILEGED,
    Policy,
    Standard,
    parse_level,
    parse_version,
)
from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid
from steersman.apimachinery.names import check_dns1123_label, check_dns1123_subdomain

KIND = "PodSecurityConfiguration"
API_VERSIONS = tuple(f"pod-security.admission.config.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1"))

_UNCHECKED = Policy(*(Standard(PRIVILEGED, None) for _ in MODES))


def _check_username(name: str) -> list[str]:
    return [] if name else ["username must not be empty"]


_EXEMPTIONS: Mapping[str, Callable[[str], list[str]]] = {
    "namespaces": check_dns1123_label,
    "runtimeClasses": check_dns1123_subdomain,
    "usernames": _check_username,
}


class Configuration(Struct, frozen=True):
    defaults: Policy = _UNCHECKED
    namespaces: frozenset[str] = frozenset()
    runtime_classes: frozenset[str] = frozenset()
    usernames: frozenset[str] = frozenset()


def read_configuration(document: Mapping[str, Any]) -> Configuration:
    """Raises ValueError, naming the fields, for what is no PodSecurityConfiguration."""
    if not document:
        return Configuration()
    if document.get("kind") != KIND or document.get("apiVersion") not in API_VERSIONS:
        raise ValueError(f"PodSecurity: must be a {KIND} of apiVersion {' or '.join(API_VERSIONS)}")
    wrong: list[FieldError] = []
    defaults = _members(document, "defaults", {*MODES, *(f"{mode}-version" for mode in MODES)}, wrong)
    exemptions = _members(document, "exemptions", set(_EXEMPTIONS), wrong)
    policy = Policy(*(_standard(mode, defaults, wrong) for mode in MODES))
    exempt = {field: _names(field, exemptions.get(field), check, wrong) for field, check in _EXEMPTIONS.items()}
    if wrong:
        raise ValueError(f"PodSecurity: {'; '.join(map(str, wrong))}")
    return Configuration(policy, exempt["namespaces"], exempt["runtimeClasses"], exempt["usernames"])


def _members(document: Mapping[str, Any], part: str, known: set[str], wrong: list[FieldError]) -> Mapping[str, Any]:
    members = document.get(part) or {}
    if not isinstance(members, dict):
        raise ValueError(f"PodSecurity: {part}: must be an object")
    for member in sorted(members.keys() - known):
        wrong.append(field_invalid(f"{part}.{member}", members[member], "unknown field"))
    return members


def _standard(mode: str, defaults: Mapping[str, Any], wrong: list[FieldError]) -> Standard:
    level, minor = PRIVILEGED, None
    try:
        level = parse_level(defaults.get(mode) or PRIVILEGED)
    except ValueError as error:
        wrong.append(field_invalid(f"defaults.{mode}", defaults[mode], str(error)))
    try:
        minor = parse_version(defaults.get(f"{mode}-version") or LATEST)
    except ValueError as error:
        wrong.append(field_invalid(f"defaults.{mode}-version", defaults[f"{mode}-version"], str(error)))
    return Standard(level, minor)


def _names(field: str, listed: Any, check: Callable[[str], list[str]], wrong: list[FieldError]) -> frozenset[str]:
    found: set[str] = set()
    if listed is not None and not isinstance(listed, list):
        wrong.append(field_invalid(f"exemptions.{field}", listed, "must be a list of names"))
        return frozenset()
    for at, name in enumerate(listed or ()):
        path = f"exemptions.{field}[{at}]"
        problems = check(name) if isinstance(name, str) else ["must be a string"]
        if problems:
            wrong.append(field_invalid(path, name, ", ".join(problems)))
        elif name in found:
            wrong.append(field_duplicate(path, name))
        else:
            found.add(name)
    return frozenset(found)
