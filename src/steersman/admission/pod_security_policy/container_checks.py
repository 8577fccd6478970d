"""What is wrong with a container under a policy."""

from collections.abc import Iterator
from typing import Any

from steersman.admission.pod_security_policy.profiles import (
    SECCOMP_CONTAINER,
    Annotations,
    annotations_of,
    check_app_armor,
    check_seccomp,
    seccomp_profile,
)
from steersman.admission.pod_security_policy.rules import MUST, NON_ROOT, context_of, effective, id_rule
from steersman.admission.pod_spec import objects_in
from steersman.apimachinery.errors import FieldError, field_invalid, field_required
from steersman.apiserver.registry.resource import Object

_ANY_CAPABILITY = "*"


def check_container(policy: Object, pod: Object, path: str, container: Object, profile: str) -> Iterator[FieldError]:
    """``profile`` is the Pod's of seccomp, which the container has where it has none."""
    rules, context = policy.get("spec") or {}, effective(context_of(pod.get("spec") or {}), context_of(container))
    at = f"{path}.securityContext"
    yield from _check_user(rules, at, container, context)
    group = context.get("runAsGroup")
    yield from id_rule(rules.get("runAsGroup")).check_groups(f"{at}.runAsGroup", [] if group is None else [group])
    yield from check_selinux(rules, f"{at}.seLinuxOptions", context.get("seLinuxOptions"))
    name = container.get("name") or ""
    yield from check_app_armor(annotations_of(policy), annotations_of(pod), name)
    yield from _check_profile(annotations_of(policy), annotations_of(pod), name, context_of(container), profile)
    if context.get("privileged") and not rules.get("privileged"):
        yield field_invalid(f"{at}.privileged", True, "Privileged containers are not allowed")
    mount = context.get("procMount") or "Default"
    if mount not in (rules.get("allowedProcMountTypes") or ("Default",)):
        yield field_invalid(f"{at}.procMount", mount, "ProcMountType is not allowed")
    yield from _check_capabilities(rules, f"{at}.capabilities", context.get("capabilities"))
    yield from _check_ports(rules, path, container)
    yield from _check_flags(rules, at, context)


def check_selinux(rules: Object, path: str, options: Any) -> Iterator[FieldError]:
    """Of a Pod or a container."""
    strategy = rules.get("seLinux") or {}
    if strategy.get("rule") != MUST:
        return
    if not options:
        yield field_required(path)
        return
    wanted = strategy.get("seLinuxOptions") or {}
    for member in ("level", "role", "type", "user"):
        value, must = options.get(member) or "", wanted.get(member) or ""
        if value != must and not (member == "level" and _level(value) == _level(must)):
            yield field_invalid(f"{path}.{member}", value, f"must be {must}")


def _level(text: str) -> tuple[str, list[str]]:
    """A level is the same whatever order its categories stand in: ``s0:c1,c2``."""
    sensitivity, _, categories = text.partition(":")
    return sensitivity, sorted(categories.split(","))


def _check_user(rules: Object, at: str, container: Object, context: Object) -> Iterator[FieldError]:
    rule, user = id_rule(rules.get("runAsUser")), context.get("runAsUser")
    if rule.rule == MUST:
        if user is None:
            yield field_required(f"{at}.runAsUser")
        elif not rule.allows(user):
            yield field_invalid(f"{at}.runAsUser", user, f"must be in the ranges: {rule.listed()}")
    elif rule.rule == NON_ROOT:
        non_root = context.get("runAsNonRoot")
        if user == 0:
            yield field_invalid(f"{at}.runAsUser", 0, "running with the root UID is forbidden")
        elif user is None and non_root is None:
            yield field_required(f"{at}.runAsNonRoot", "must be true")
        elif user is None and not non_root:
            yield field_invalid(f"{at}.runAsNonRoot", non_root, "must be true")


def _check_profile(
    policy: Annotations, pod: Annotations, name: str, context: Object, inherited: str
) -> Iterator[FieldError]:
    key = SECCOMP_CONTAINER + name
    return check_seccomp(policy, seccomp_profile(pod, key, context) or inherited, key)


def _check_capabilities(rules: Object, path: str, capabilities: Any) -> Iterator[FieldError]:
    required = rules.get("requiredDropCapabilities") or ()
    default = rules.get("defaultAddCapabilities") or ()
    if not capabilities:
        if required or default:
            yield field_invalid(path, None, "required capabilities are not set on the securityContext")
        return
    allowed = {*default, *(rules.get("allowedCapabilities") or ())}
    for one in capabilities.get("add") or ():
        if one not in allowed and _ANY_CAPABILITY not in allowed:
            yield field_invalid(f"{path}.add", one, "capability may not be added")
    dropped = capabilities.get("drop") or ()
    for one in required:
        if one not in dropped:
            yield field_invalid(f"{path}.drop", list(dropped), f"{one} is required to be dropped but was not found")


def _check_ports(rules: Object, path: str, container: Object) -> Iterator[FieldError]:
    ranges = [(one.get("min") or 0, one.get("max") or 0) for one in rules.get("hostPorts") or ()]
    listed = ",".join(str(least) if least == most else f"{least}-{most}" for least, most in ranges)
    for _, port in objects_in(container.get("ports")):
        number = port.get("hostPort") or 0
        if number and not any(least <= number <= most for least, most in ranges):
            told = f"Host port {number} is not allowed to be used. Allowed ports: [{listed}]"
            yield field_invalid(f"{path}.hostPort", number, told)


def _check_flags(rules: Object, at: str, context: Object) -> Iterator[FieldError]:
    read_only, escalation = context.get("readOnlyRootFilesystem"), context.get("allowPrivilegeEscalation")
    if rules.get("readOnlyRootFilesystem") and not read_only:
        be = "may not be nil and must" if read_only is None else "must"
        yield field_invalid(f"{at}.readOnlyRootFilesystem", read_only, f"ReadOnlyRootFilesystem {be} be set to true")
    if rules.get("allowPrivilegeEscalation") is False and escalation is not False:
        told = "Allowing privilege escalation for containers is not allowed"
        yield field_invalid(f"{at}.allowPrivilegeEscalation", escalation, told)
