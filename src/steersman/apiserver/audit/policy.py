"""Which requests are audited, and how much is kept of each: the audit policy, compiled (audit.k8s.io/v1, Policy).

The first rule that matches a request decides. Verb and resource decide which rules can match at all; that is worked out
once for each such combination, so that only users, namespaces, names and paths are looked at for each request.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from operator import itemgetter

from msgspec import Struct

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.request_info import RequestInfo

ALL = "*"
REMEMBERED = 4096
"""Combinations of verb and resource that are remembered; clients can make up others without end."""


class Level(IntEnum):
    """How much of a request is kept; each level has what those before it have."""

    NONE = 0
    METADATA = 1
    REQUEST = 2
    REQUEST_RESPONSE = 3


LEVEL_NAMES = ("None", "Metadata", "Request", "RequestResponse")
"""In policies and events, by level."""

RECEIVED, STARTED, COMPLETE, PANIC = "RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"
STAGES = (RECEIVED, STARTED, COMPLETE, PANIC)


class GroupResources(Struct, frozen=True):
    """Resources of one API group, or of all (``*``). No ``resources`` are all of them.

    A resource is written ``pods``, ``pods/log``, ``pods/*`` (pods and all their subresources), ``*/scale`` or ``*``.
    """

    group: str = ""
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()


class AuditRule(Struct, frozen=True):
    """What is empty holds for every request. ``omit_managed_fields`` None leaves it to the policy."""

    level: Level
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    resources: tuple[GroupResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool | None = None


class AuditPolicy(Struct, frozen=True):
    rules: tuple[AuditRule, ...]
    omit_stages: tuple[str, ...] = ()
    omit_managed_fields: bool = False


class AuditConfig(Struct, frozen=True):
    """What is kept of one request, and at which stages nothing is."""

    level: Level
    omit_stages: frozenset[str] = frozenset()
    omit_managed_fields: bool = False


Test = Callable[[UserInfo | None, RequestInfo], bool]
Candidate = tuple[Test | None, AuditConfig]
"""A rule that can match, and what is left to be tested; None: it matches."""

_KIND = itemgetter(*map(RequestInfo._fields.index, ("is_resource", "verb", "group", "resource", "subresource")))
"""What of a request decides which rules can match: the key under which they are remembered."""


class PolicyEvaluator:
    """Finds what a policy says of a request, in about a microsecond."""

    __slots__ = ("_candidates", "_default", "_rules")

    def __init__(self, policy: AuditPolicy) -> None:
        self._rules = [(rule, _config(policy, rule)) for rule in policy.rules]
        self._default = AuditConfig(Level.NONE, frozenset(policy.omit_stages), policy.omit_managed_fields)
        self._candidates: dict[tuple[str, ...], Sequence[Candidate]] = {}

    def evaluate(self, user: UserInfo | None, info: RequestInfo) -> AuditConfig:
        """``user`` is who sent the request, before any impersonation; None where that is not known."""
        key = _KIND(info)
        candidates = self._candidates.get(key)
        if candidates is None:
            if len(self._candidates) >= REMEMBERED:
                self._candidates.clear()
            candidates = self._candidates[key] = tuple(self._of_kind(info))
        for test, config in candidates:
            if test is None or test(user, info):
                return config
        return self._default

    def _of_kind(self, info: RequestInfo) -> Iterator[Candidate]:
        """The rules that can match requests of this verb and resource, up to one that matches them all."""
        for rule, config in self._rules:
            if rule.verbs and info.verb not in rule.verbs:
                continue
            tests = _resource_tests(rule, info) if info.is_resource else _path_tests(rule)
            if tests is None:
                continue
            test = _all_of([*_user_tests(rule), *tests])
            yield test, config
            if test is None:
                return


def _config(policy: AuditPolicy, rule: AuditRule) -> AuditConfig:
    omits = policy.omit_managed_fields if rule.omit_managed_fields is None else rule.omit_managed_fields
    return AuditConfig(rule.level, frozenset((*policy.omit_stages, *rule.omit_stages)), omits)


def _all_of(tests: Sequence[Test]) -> Test | None:
    if len(tests) < 2:
        return tests[0] if tests else None
    first, rest = tests[0], _all_of(tests[1:])
    return lambda user, info: first(user, info) and (rest is None or rest(user, info))


def _user_tests(rule: AuditRule) -> Iterator[Test]:
    if rule.users:
        names = frozenset(rule.users)
        yield lambda user, _: user is not None and user.name in names
    if rule.user_groups:
        groups = frozenset(rule.user_groups)
        yield lambda user, _: user is not None and not groups.isdisjoint(user.groups)


def _path_tests(rule: AuditRule) -> Sequence[Test] | None:
    """For requests of no resource; None where the rule is about resources."""
    if rule.namespaces or rule.resources:
        return None
    urls = rule.non_resource_urls
    if not urls or ALL in urls:
        return ()
    exact = frozenset(urls)
    prefixes = tuple(url.rstrip(ALL) for url in urls if url.endswith(ALL))
    return (lambda _, info: info.path in exact or info.path.startswith(prefixes),)


def _resource_tests(rule: AuditRule, info: RequestInfo) -> Sequence[Test] | None:
    """For requests of this resource; None where the rule is about other ones, or about paths."""
    if not rule.namespaces and not rule.resources:
        return None if rule.non_resource_urls else ()
    tests: list[Test] = []
    if rule.namespaces:
        namespaces = frozenset(rule.namespaces)
        tests.append(lambda _, info: info.namespace in namespaces)
    if rule.resources:
        matching = [one for one in rule.resources if _means(one, info)]
        if not matching:
            return None
        if all(one.resource_names for one in matching):
            names = frozenset(name for one in matching for name in one.resource_names)
            tests.append(lambda _, info: info.name in names)
    return tests


def _means(resources: GroupResources, info: RequestInfo) -> bool:
    if resources.group not in (info.group, ALL):
        return False
    return not resources.resources or not _ways_to_write(info).isdisjoint(resources.resources)


def _ways_to_write(info: RequestInfo) -> frozenset[str]:
    """The resources of rules that mean this one."""
    resource, whole = info.resource, (f"{info.resource}/{ALL}", ALL)
    if not info.subresource:
        return frozenset((resource, *whole))
    return frozenset((f"{resource}/{info.subresource}", f"{ALL}/{info.subresource}", *whole))
