"""Reading policies and security contexts: strategies of ids, and what holds for a container in its Pod."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from steersman.apimachinery.errors import FieldError, field_invalid
from steersman.apiserver.registry.resource import Object

MUST, MAY, NON_ROOT = "MustRunAs", "MayRunAs", "MustRunAsNonRoot"

_OF_THE_POD_TOO = ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions")
"""Members that a container has from its Pod where it has none itself."""


class IDRange(NamedTuple):
    least: int
    most: int

    def __str__(self) -> str:
        return f"{{{self.least} {self.most}}}"


class IDRule(NamedTuple):
    """A strategy: its rule, and the ranges that go with it."""

    rule: str
    ranges: tuple[IDRange, ...]

    @property
    def default(self) -> int | None:
        """What is set where nothing is; None where that is left open."""
        return self.ranges[0].least if self.rule == MUST and self.ranges else None

    def allows(self, number: int) -> bool:
        return any(least <= number <= most for least, most in self.ranges)

    def listed(self) -> str:
        return f"[{' '.join(map(str, self.ranges))}]"

    def check_groups(self, path: str, groups: Sequence[int]) -> Iterator[FieldError]:
        """Of fsGroup, supplementalGroups and runAsGroup."""
        if self.rule not in (MUST, MAY):
            return
        if self.rule == MUST and not groups:
            yield field_invalid(path, [], "unable to validate empty groups against required ranges")
        for group in groups:
            if not self.allows(group):
                yield FieldError(
                    "FieldValueInvalid",
                    path,
                    f"Invalid value: []int64{{{', '.join(map(str, groups))}}}: group {group} must be in the ranges:"
                    f" {self.listed()}",
                )


def id_rule(strategy: Any) -> IDRule:
    """Of ``{rule, ranges: [{min, max}]}``; one that is absent allows everything."""
    strategy = strategy or {}
    ranges = tuple(IDRange(one.get("min") or 0, one.get("max") or 0) for one in strategy.get("ranges") or ())
    return IDRule(strategy.get("rule") or "RunAsAny", ranges)


def effective(pod_context: Object, container_context: Object) -> Object:
    """The security context that a container has in its Pod."""
    inherited = {key: pod_context[key] for key in _OF_THE_POD_TOO if pod_context.get(key) is not None}
    return inherited | {key: value for key, value in container_context.items() if value is not None}


def context_of(part: Object) -> Object:
    found: Object = part.get("securityContext") or {}
    return found
