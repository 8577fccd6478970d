"""Roles and bindings: what is wrong with a rule, a role's reference or a subject (rbac.authorization.k8s.io).

Who may grant what is looked at elsewhere: :mod:`steersman.apiserver.authorization.rbac.escalation`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from steersman.apimachinery.errors import ApiError, FieldError, field_invalid, field_not_supported, field_required
from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.label_selector import from_label_selector
from steersman.apimachinery.names import path_segment_name, subdomain_name
from steersman.apis.completion import COMPLETIONS
from steersman.apiserver.registry.resource import Object, Strategy

GROUP = "rbac.authorization.k8s.io"


class RoleStrategy(Strategy):
    """``namespaced`` tells a Role from a ClusterRole."""

    validate_name = staticmethod(path_segment_name)

    def __init__(self, namespaced: bool) -> None:
        self._namespaced = namespaced

    def validate(self, obj: Object) -> list[FieldError]:
        errors = [
            error
            for at, rule in enumerate(obj.get("rules") or ())
            for error in _rule_errors(rule, self._namespaced, f"rules[{at}]")
        ]
        aggregation = obj.get("aggregationRule")
        return errors if aggregation is None else [*errors, *_aggregation_errors(aggregation)]

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return self.validate(obj)


class BindingStrategy(Strategy):
    """``namespaced`` tells a RoleBinding from a ClusterRoleBinding."""

    validate_name = staticmethod(path_segment_name)

    def __init__(self, namespaced: bool) -> None:
        self._namespaced = namespaced

    def complete(self, obj: Object) -> None:
        COMPLETIONS[GroupKind(GROUP, "RoleBinding" if self._namespaced else "ClusterRoleBinding")](obj)

    def validate(self, obj: Object) -> list[FieldError]:
        errors = list(_reference_errors(obj.get("roleRef") or {}, self._namespaced))
        for at, subject in enumerate(obj.get("subjects") or ()):
            errors += _subject_errors(subject, self._namespaced, f"subjects[{at}]")
        return errors

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        errors = self.validate(obj)
        if obj.get("roleRef") != old.get("roleRef"):
            errors.append(field_invalid("roleRef", obj.get("roleRef"), "cannot change roleRef"))
        return errors


STRATEGIES: Mapping[GroupKind, Callable[[], Strategy]] = {
    GroupKind(GROUP, "Role"): lambda: RoleStrategy(True),
    GroupKind(GROUP, "ClusterRole"): lambda: RoleStrategy(False),
    GroupKind(GROUP, "RoleBinding"): lambda: BindingStrategy(True),
    GroupKind(GROUP, "ClusterRoleBinding"): lambda: BindingStrategy(False),
}


def _rule_errors(rule: Mapping[str, Any], namespaced: bool, field: str) -> Iterator[FieldError]:
    if not rule.get("verbs"):
        yield field_required(f"{field}.verbs", "verbs must contain at least one value")
    groups, resources, names = (rule.get(name) or () for name in ("apiGroups", "resources", "resourceNames"))
    urls = rule.get("nonResourceURLs")
    if urls:
        if namespaced:
            yield field_invalid(f"{field}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs")
        if groups or resources or names:
            detail = "rules cannot apply to both regular resources and non-resource URLs"
            yield field_invalid(f"{field}.nonResourceURLs", urls, detail)
        return
    if not groups:
        yield field_required(f"{field}.apiGroups", "resource rules must supply at least one api group")
    if not resources:
        yield field_required(f"{field}.resources", "resource rules must supply at least one resource")


def _aggregation_errors(aggregation: Mapping[str, Any]) -> Iterator[FieldError]:
    selectors = aggregation.get("clusterRoleSelectors")
    if not selectors:
        detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        yield field_required("aggregationRule.clusterRoleSelectors", detail)
    for at, selector in enumerate(selectors or ()):
        try:
            from_label_selector(selector)
        except ApiError as error:
            yield field_invalid(f"aggregationRule.clusterRoleSelectors[{at}]", selector, error.message)


def _reference_errors(reference: Mapping[str, Any], namespaced: bool) -> Iterator[FieldError]:
    kinds = ("ClusterRole", "Role") if namespaced else ("ClusterRole",)
    if reference.get("apiGroup") != GROUP:
        yield field_not_supported("roleRef.apiGroup", reference.get("apiGroup") or "", [GROUP])
    if reference.get("kind") not in kinds:
        yield field_not_supported("roleRef.kind", reference.get("kind") or "", kinds)
    name = reference.get("name") or ""
    if not name:
        yield field_required("roleRef.name")
    for problem in path_segment_name(name, False) if name else ():
        yield field_invalid("roleRef.name", name, problem)


def _subject_errors(subject: Mapping[str, Any], namespaced: bool, field: str) -> Iterator[FieldError]:
    kind, name, group = (subject.get(part) or "" for part in ("kind", "name", "apiGroup"))
    if not name:
        yield field_required(f"{field}.name")
    if kind == "ServiceAccount":
        for problem in subdomain_name(name, False) if name else ():
            yield field_invalid(f"{field}.name", name, problem)
        if group:
            yield field_not_supported(f"{field}.apiGroup", group, [""])
        if not namespaced and not subject.get("namespace"):
            yield field_required(f"{field}.namespace")
    elif kind in ("User", "Group"):
        if group != GROUP:
            yield field_not_supported(f"{field}.apiGroup", group, [GROUP])
    else:
        yield field_not_supported(f"{field}.kind", kind, ("ServiceAccount", "User", "Group"))
