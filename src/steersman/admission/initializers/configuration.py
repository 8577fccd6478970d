"""InitializerConfigurations: what is wrong with one, and what they say together.

``initializers: [{name, rules: [{apiGroups, apiVersions, resources}]}]``, and of each initializer, beyond upstream:
``timeoutSeconds`` and ``failurePolicy`` (what becomes of an object for which it does nothing), ``commutes`` (it can
have its turn together with its neighbours) and ``serviceAccount: {namespace, name}`` (as whom it runs).

Configurations are read in the order of their names, and their initializers in the order in which they stand there: that
is the order of turns. A name that stands in several configurations counts where it stands first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.admission.initializers.states import Pending, validate_name
from steersman.apimachinery.errors import FieldError, field_invalid, field_not_supported, field_required
from steersman.apimachinery.group_version import GroupResource, GroupVersionResource
from steersman.apiserver.registry.resource import Object, Strategy

CONFIGURATIONS = GroupResource("admissionregistration.k8s.io", "initializerconfigurations")
IGNORE, FAIL = FAILURE_POLICIES = ("Ignore", "Fail")
DEFAULT_TIMEOUT_SECONDS = 10
ANY = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the server does when an initializer has had its turn for ``timeout_seconds`` (0: nothing)."""

    timeout_seconds: int = 0
    failure_policy: str = FAIL


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[str]

    def matches(self, resource: GroupVersionResource) -> bool:
        return (
            _has(self.groups, resource.group)
            and _has(self.versions, resource.version)
            and _has(self.resources, resource.resource)
        )


@dataclass(frozen=True, slots=True)
class ConfiguredInitializer:
    """One entry of the configuration of that name."""

    name: str
    rules: tuple[Rule, ...] = ()
    policy: Policy = Policy()
    commutes: bool = False
    service_account: ServiceAccount | None = None
    configuration: str = ""

    @property
    def pending(self) -> Pending:
        """What an object gets that has to wait for it."""
        seconds = self.policy.timeout_seconds
        return Pending(self.name, self.commutes, "", seconds, self.policy.failure_policy if seconds else "")

    def matches(self, resource: GroupVersionResource) -> bool:
        return any(rule.matches(resource) for rule in self.rules)


class InitializerIndex:
    """What is configured at one moment, found by resource."""

    def __init__(self, initializers: Sequence[ConfiguredInitializer] = ()) -> None:
        self._initializers = tuple(initializers)
        self._by_resource: dict[GroupVersionResource, tuple[ConfiguredInitializer, ...]] = {}
        self.by_name = {one.name: one for one in self._initializers}

    def of(self, resource: GroupVersionResource) -> tuple[ConfiguredInitializer, ...]:
        """Those of a resource, in the order of their turns; looked for once."""
        found = self._by_resource.get(resource)
        if found is None:
            found = tuple(one for one in self._initializers if one.matches(resource))
            self._by_resource[resource] = found
        return found


def compile_index(configurations: Iterable[Mapping[str, Any]]) -> InitializerIndex:
    """``configurations`` are objects as they are stored, in any order."""
    ordered = sorted(configurations, key=lambda one: str(one["metadata"]["name"]))
    found: dict[str, ConfiguredInitializer] = {}
    for configuration in ordered:
        for one in configuration.get("initializers") or ():
            found.setdefault(one["name"], _read(one, configuration["metadata"]["name"]))
    return InitializerIndex(tuple(found.values()))


def _read(initializer: Mapping[str, Any], configuration: str) -> ConfiguredInitializer:
    account = initializer.get("serviceAccount")
    return ConfiguredInitializer(
        initializer["name"],
        tuple(map(_rule, initializer.get("rules") or ())),
        Policy(initializer.get("timeoutSeconds") or 0, initializer.get("failurePolicy") or FAIL),
        bool(initializer.get("commutes")),
        ServiceAccount(account["namespace"], account["name"]) if account else None,
        configuration,
    )


def _rule(rule: Mapping[str, Any]) -> Rule:
    resources = frozenset(one for one in rule.get("resources") or () if "/" not in one)
    return Rule(frozenset(rule.get("apiGroups") or ()), frozenset(rule.get("apiVersions") or ()), resources)


def _has(wanted: frozenset[str], value: str) -> bool:
    return value in wanted or ANY in wanted


class InitializerConfigurationStrategy(Strategy):
    """How InitializerConfigurations are kept."""

    tracks_generation = True

    def complete(self, obj: Object) -> None:
        """Of a time-out and its policy, one alone says that the other is wanted too."""
        for initializer in obj.get("initializers") or ():
            if "timeoutSeconds" in initializer or "failurePolicy" in initializer:
                initializer.setdefault("timeoutSeconds", DEFAULT_TIMEOUT_SECONDS)
                initializer.setdefault("failurePolicy", FAIL)

    def validate(self, obj: Object) -> list[FieldError]:
        return [
            error
            for index, one in enumerate(obj.get("initializers") or ())
            for error in _validate(one, f"initializers[{index}]")
        ]

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        return self.validate(obj)


def _validate(initializer: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    yield from validate_name(initializer.get("name") or "", f"{path}.name")
    for index, rule in enumerate(initializer.get("rules") or ()):
        yield from _validate_rule(rule or {}, f"{path}.rules[{index}]")
    policy, seconds = initializer.get("failurePolicy"), initializer.get("timeoutSeconds")
    if policy is not None and policy not in FAILURE_POLICIES:
        yield field_not_supported(f"{path}.failurePolicy", policy, sorted(FAILURE_POLICIES))
    if seconds is not None and seconds < 1:
        yield field_invalid(f"{path}.timeoutSeconds", seconds, "must be greater than 0")
    if (account := initializer.get("serviceAccount")) is not None:
        for field in ("namespace", "name"):
            if not account.get(field):
                yield field_required(f"{path}.serviceAccount.{field}")


_LISTS = (
    ("apiGroups", "if '*' is present, must not specify other API groups"),
    ("apiVersions", "if '*' is present, must not specify other API versions"),
    ("resources", "if '*' is present, must not specify other resources"),
)


def _validate_rule(rule: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    for field, only_any in _LISTS:
        values, place = rule.get(field) or [], f"{path}.{field}"
        if not values:
            yield field_required(place)
        for index, value in enumerate(values):
            if not value and field != "apiGroups":
                yield field_required(f"{place}[{index}]")
            if field == "resources" and "/" in value:
                yield field_invalid(f"{place}[{index}]", value, "must not specify subresources")
        if len(values) > 1 and ANY in values:
            yield field_invalid(place, values, only_any)
