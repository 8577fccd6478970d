"""What a policy sets where the Pod leaves it open."""

from typing import Any

from steersman.admission.pod_security_policy.profiles import annotations_of, default_profiles
from steersman.admission.pod_security_policy.rules import MUST, NON_ROOT, context_of, effective, id_rule
from steersman.admission.pod_spec import containers, spec_of
from steersman.apiserver.registry.resource import Object


def set_defaults(policy: Object, pod: Object) -> None:
    """Change ``pod``. What would be set to nothing is not set."""
    spec, rules = spec_of(pod), policy.get("spec") or {}
    own = context_of(spec)
    groups = id_rule(rules.get("supplementalGroups")).default
    context = {
        "supplementalGroups": None if groups is None else [groups],
        "fsGroup": id_rule(rules.get("fsGroup")).default,
        "seLinuxOptions": _selinux(rules),
    }
    _set_missing(spec, own, context)
    runtime_class = (rules.get("runtimeClass") or {}).get("defaultRuntimeClassName")
    if runtime_class is not None and spec.get("runtimeClassName") is None:
        spec["runtimeClassName"] = runtime_class
    names = []
    for _, container in containers(pod):
        names.append(container.get("name") or "")
        _set_of_container(rules, context_of(spec), container)
    missing = default_profiles(annotations_of(policy), annotations_of(pod), iter(names))
    if missing:
        pod["metadata"]["annotations"] = {**annotations_of(pod), **missing}


def _set_of_container(rules: Object, pod_context: Object, container: Object) -> None:
    own = context_of(container)
    known = effective(pod_context, own)
    user = id_rule(rules.get("runAsUser"))
    escalation = rules.get("defaultAllowPrivilegeEscalation")
    if escalation is None and rules.get("allowPrivilegeEscalation") is False:
        escalation = False
    must_not_be_root = user.rule == NON_ROOT and known.get("runAsUser") is None
    defaults = {
        "runAsUser": user.default,
        "runAsGroup": id_rule(rules.get("runAsGroup")).default,
        "seLinuxOptions": _selinux(rules),
        "runAsNonRoot": True if must_not_be_root else None,
        "readOnlyRootFilesystem": True if rules.get("readOnlyRootFilesystem") else None,
        "allowPrivilegeEscalation": escalation,
    }
    missing = {key: value for key, value in defaults.items() if known.get(key) is None}
    capabilities = _capabilities(rules, own.get("capabilities") or {})
    if capabilities != (own.get("capabilities") or {}):
        own = {**own, "capabilities": capabilities}
        container["securityContext"] = own
    _set_missing(container, own, missing)


def _set_missing(part: Object, own: Object, defaults: Object) -> None:
    missing = {key: value for key, value in defaults.items() if value is not None and own.get(key) is None}
    if missing:
        part["securityContext"] = {**own, **missing}


def _selinux(rules: Object) -> Any:
    strategy = rules.get("seLinux") or {}
    return strategy.get("seLinuxOptions") if strategy.get("rule") == MUST else None


def _capabilities(rules: Object, own: Object) -> Object:
    """The container's, with those that the policy adds unless they are dropped, and those it drops."""
    own_add, own_drop = set(own.get("add") or ()), set(own.get("drop") or ())
    add = sorted((set(rules.get("defaultAddCapabilities") or ()) - own_drop) | own_add)
    drop = sorted(set(rules.get("requiredDropCapabilities") or ()) | own_drop)
    if set(add) == own_add and set(drop) == own_drop:
        return own
    return {**({"add": add} if add else {}), **({"drop": drop} if drop else {})}
