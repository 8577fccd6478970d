"""Configurations of admission webhooks: what is wrong with one that is written.

Specified in admissionregistration.k8s.io/v1 and v1beta1; v1 demands more. Something that an older server let pass may
stay in an update, so that it does not stand in the way of all other changes.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from steersman.apimachinery.errors import (
    FieldError,
    field_duplicate,
    field_invalid,
    field_not_supported,
    field_required,
)
from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.names import check_dns1035_label, check_dns1123_subdomain
from steersman.apis.label_selector_validation import selector_problems
from steersman.apis.match_conditions import match_condition_problems
from steersman.apis.webhook_client_config import client_config_problems
from steersman.apis.webhook_rules import rule_problems
from steersman.apiserver.registry.resource import Object, Strategy

GROUP = "admissionregistration.k8s.io"
KINDS = frozenset(GroupKind(GROUP, kind) for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"))
REVIEW_VERSIONS = ("v1", "v1beta1")
MIN_TIMEOUT, MAX_TIMEOUT = 1, 30

_SIDE_EFFECTS = ("None", "NoneOnDryRun", "Some", "Unknown")
_NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "failurePolicy": ("Fail", "Ignore"),
    "matchPolicy": ("Equivalent", "Exact"),
    "reinvocationPolicy": ("IfNeeded", "Never"),
}


class Demands(Struct, frozen=True):
    """What is asked of the webhooks beyond what always is; ``known_conditions`` are not compiled again.

    ``all_stated``: that they tell of their side effects and of the reviews they take. In v1beta1 both have defaults,
    and before 1.12 there were neither.
    """

    all_stated: bool = True
    no_side_effects: bool = True
    known_review_version: bool = True
    unique_names: bool = True
    valid_selector_values: bool = True
    conditions: bool = True
    known_conditions: frozenset[str] = frozenset()


class WebhookConfigurationStrategy(Strategy):
    tracks_generation = True

    def validate(self, obj: Object) -> list[FieldError]:
        return list(_problems(_webhooks(obj), _demands_of_version(obj)))

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return list(_problems(_webhooks(obj), _demands_of_update(obj, old)))


def _webhooks(obj: Object) -> Sequence[Object]:
    return obj.get("webhooks") or ()


def _demands_of_version(obj: Object) -> Demands:
    if obj["apiVersion"] == f"{GROUP}/v1":
        return Demands()
    return Demands(all_stated=False, no_side_effects=False, known_review_version=False, unique_names=False)


def _demands_of_update(obj: Object, old: Object) -> Demands:
    """As a create's, but for what is wrong with the old webhooks already."""
    before, full = _webhooks(old), _demands_of_version(obj)
    conditions = [webhook.get("matchConditions") for webhook in before]
    return Demands(
        all_stated=full.all_stated,
        no_side_effects=full.no_side_effects and not any(_missing_side_effects(one) for one in before),
        known_review_version=full.known_review_version and all(_knows_review(one) for one in before),
        unique_names=full.unique_names and len({one.get("name") for one in before}) == len(before),
        valid_selector_values=not any(problem for one in before for problem in _selectors(one, "", True)),
        conditions=conditions != [webhook.get("matchConditions") for webhook in _webhooks(obj)],
        known_conditions=frozenset(one.get("expression") or "" for listed in conditions for one in listed or ()),
    )


def _missing_side_effects(webhook: Object) -> bool:
    return webhook.get("sideEffects") not in _NO_SIDE_EFFECTS


def _knows_review(webhook: Object) -> bool:
    versions = webhook.get("admissionReviewVersions") or ()
    return not versions or any(version in REVIEW_VERSIONS for version in versions)


def _problems(webhooks: Sequence[Object], demands: Demands) -> Iterator[FieldError]:
    names = set[str]()
    for index, webhook in enumerate(webhooks):
        path, name = f"webhooks[{index}]", webhook.get("name") or ""
        yield from _webhook(webhook, path, demands)
        if demands.all_stated or webhook.get("admissionReviewVersions") is not None:
            yield from _review_versions(webhook.get("admissionReviewVersions") or [], path, demands)
        if demands.unique_names and name in names:
            yield field_duplicate(f"{path}.name", name)
        names |= {name} if name else set()


def _webhook(webhook: Object, path: str, demands: Demands) -> Iterator[FieldError]:
    yield from _name(webhook.get("name") or "", f"{path}.name")
    for index, rule in enumerate(webhook.get("rules") or ()):
        yield from rule_problems(rule, f"{path}.rules[{index}]")
    for field in ("failurePolicy", "matchPolicy"):
        yield from _choice(webhook, field, path)
    yield from _side_effects(webhook.get("sideEffects"), f"{path}.sideEffects", demands)
    timeout = webhook.get("timeoutSeconds")
    if timeout is not None and not MIN_TIMEOUT <= timeout <= MAX_TIMEOUT:
        detail = f"the timeout value must be between {MIN_TIMEOUT} and {MAX_TIMEOUT} seconds"
        yield field_invalid(f"{path}.timeoutSeconds", timeout, detail)
    yield from _selectors(webhook, f"{path}.", demands.valid_selector_values)
    yield from _choice(webhook, "reinvocationPolicy", path)
    yield from client_config_problems(webhook.get("clientConfig") or {}, f"{path}.clientConfig")
    if demands.conditions:
        conditions, known = webhook.get("matchConditions") or (), demands.known_conditions
        yield from match_condition_problems(conditions, f"{path}.matchConditions", partial(_expression, known))


def _name(name: str, path: str) -> Iterator[FieldError]:
    """Fully qualified: a DNS subdomain of three labels or more."""
    if not name:
        yield field_required(path)
    elif errors := check_dns1123_subdomain(name):
        yield field_invalid(path, name, ",".join(errors))
    elif name.count(".") < 2:
        yield field_invalid(path, name, "should be a domain with at least three segments separated by dots")


def _choice(webhook: Object, field: str, path: str) -> Iterator[FieldError]:
    chosen = webhook.get(field)
    if chosen is not None and chosen not in _CHOICES[field]:
        yield field_not_supported(f"{path}.{field}", chosen, _CHOICES[field])


def _side_effects(chosen: str | None, path: str, demands: Demands) -> Iterator[FieldError]:
    allowed = _NO_SIDE_EFFECTS if demands.no_side_effects else _SIDE_EFFECTS
    if chosen is None and not demands.all_stated:
        return
    if chosen is None:
        yield field_required(path, f"must specify one of {', '.join(allowed)}")
    elif chosen not in allowed:
        yield field_not_supported(path, chosen, allowed)


def _selectors(webhook: Object, prefix: str, values: bool) -> Iterator[FieldError]:
    for field in ("namespaceSelector", "objectSelector"):
        yield from selector_problems(webhook.get(field) or {}, f"{prefix}{field}", values=values)


def _review_versions(versions: Sequence[str], path: str, demands: Demands) -> Iterator[FieldError]:
    path, known = f"{path}.admissionReviewVersions", ", ".join(REVIEW_VERSIONS)
    if not versions:
        yield field_required(path, f"must specify one of {known}")
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            yield field_invalid(f"{path}[{index}]", version, "duplicate version")
            continue
        for problem in check_dns1035_label(version):
            yield field_invalid(f"{path}[{index}]", version, problem)
    if demands.known_review_version and not any(version in REVIEW_VERSIONS for version in versions):
        yield field_invalid(path, versions, f"must include at least one of {known}")


def _expression(known: frozenset[str], expression: str, path: str) -> Iterator[FieldError]:
    if not expression.strip():
        yield field_required(path)
    elif expression not in known and (problem := _compile_problem(expression.strip())):
        yield field_invalid(path, expression.strip(), problem)


def _compile_problem(expression: str) -> Any:
    # The expression language takes long to load, and few configurations have conditions.
    from steersman.apiserver.admission.expressions import compile_condition

    try:
        compile_condition(expression)
    except ValueError as error:
        return str(error)
    return None
