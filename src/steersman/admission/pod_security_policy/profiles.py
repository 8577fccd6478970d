"""Profiles of AppArmor and seccomp, which policies name in their annotations and Pods in theirs."""

from collections.abc import Iterator, Mapping
from typing import Any

from steersman.apimachinery.errors import FieldError, field_forbidden
from steersman.apiserver.registry.resource import Object

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"

_APP_ARMOR_DEFAULT = "apparmor.security.beta.kubernetes.io/defaultProfileName"
_APP_ARMOR_ALLOWED = "apparmor.security.beta.kubernetes.io/allowedProfileNames"
_SECCOMP_DEFAULT = "seccomp.security.alpha.kubernetes.io/defaultProfileName"
_SECCOMP_ALLOWED = "seccomp.security.alpha.kubernetes.io/allowedProfileNames"
_ANY = "*"
_FIELDS = {"Unconfined": "unconfined", "RuntimeDefault": "runtime/default"}

Annotations = Mapping[str, str]


def annotations_of(obj: Object) -> Annotations:
    found: Annotations = obj["metadata"].get("annotations") or {}
    return found


def default_profiles(policy: Annotations, pod: Annotations, names: Iterator[str]) -> dict[str, str]:
    """Annotations that the Pod lacks; ``names`` are those of its containers."""
    missing: dict[str, str] = {}
    if policy.get(_SECCOMP_DEFAULT) and not pod.get(SECCOMP_POD):
        missing[SECCOMP_POD] = policy[_SECCOMP_DEFAULT]
    if policy.get(_APP_ARMOR_DEFAULT):
        keys = (APP_ARMOR + name for name in names)
        missing |= {key: policy[_APP_ARMOR_DEFAULT] for key in keys if not pod.get(key)}
    return missing


def check_app_armor(policy: Annotations, pod: Annotations, container: str) -> Iterator[FieldError]:
    if _APP_ARMOR_ALLOWED not in policy:
        return
    key, allowed = APP_ARMOR + container, policy[_APP_ARMOR_ALLOWED]
    profile, path = pod.get(key) or "", f"pod.metadata.annotations[{key}]"
    if not profile:
        yield field_forbidden(path, "AppArmor profile must be set")
    elif profile not in allowed.split(","):
        yield field_forbidden(path, f'{profile} is not an allowed profile. Allowed values: "{allowed}"')


def check_seccomp(policy: Annotations, profile: str, key: str) -> Iterator[FieldError]:
    """``profile`` is that of the Pod or a container, empty for none; ``key`` the annotation that it stands in."""
    listed = policy.get(_SECCOMP_ALLOWED)
    allowed = set() if listed is None else set(listed.split(","))
    if _ANY in allowed or profile in allowed or not (profile or allowed):
        return
    told = f"{profile} is not an allowed seccomp profile. Valid values are {listed}"
    yield field_forbidden(f"pod.metadata.annotations[{key}]", told if allowed else "seccomp may not be set")


def seccomp_profile(annotations: Annotations, key: str, context: Object) -> str:
    """What the annotation says, or else the field of 1.19 and later in the annotation's words; empty for none."""
    field: Any = context.get("seccompProfile") or {}
    localhost = f"localhost/{field.get('localhostProfile') or ''}"
    named = _FIELDS.get(field.get("type", ""), localhost) if field else ""
    return annotations.get(key) or named
