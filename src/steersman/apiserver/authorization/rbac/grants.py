"""What one subject is granted in one scope: the rules of all its bindings, found by what a request asks for."""

from collections.abc import Sequence

from steersman.apiserver.authorization.policy_rule import ALL, PolicyRule
from steersman.apiserver.authorization.rbac.binding import Binding

LARGE = 10_000
"""A rule that stands for more combinations than this is not written out in the table, but looked at one by one."""


class _Holders:
    """The binding that grants something whatever the name is, and those that grant it for some names."""

    __slots__ = ("any_name", "by_name")

    def __init__(self) -> None:
        self.any_name: Binding | None = None
        self.by_name: dict[str, Binding] = {}


class Grants:
    """Tables from verb, API group and resource to the binding that grants it; ``*`` is a key like another."""

    __slots__ = ("_large", "_paths", "_prefixes", "_resources", "missing")

    def __init__(self) -> None:
        self._resources: dict[str, dict[str, dict[str, _Holders]]] = {}
        self._paths: dict[str, dict[str, Binding]] = {}
        self._prefixes: dict[str, dict[str, Binding]] = {}
        self._large: list[tuple[PolicyRule, Binding]] = []
        self.missing: list[str] = []
        """Of roles that are bound and do not exist, what is said of them."""

    def add(self, rules: Sequence[PolicyRule], binding: Binding) -> None:
        """Grant the rules; what another binding granted already is left to that one."""
        for rule in rules:
            if rule.size > LARGE:
                self._large.append((rule, binding))
                continue
            for verb in rule.verbs:
                self._add_paths(verb, rule.non_resource_urls, binding)
                if rule.resources:
                    self._add_resources(verb, rule, binding)

    def of_resource(self, verb: str, group: str, resources: Sequence[str], name: str | None) -> Binding | None:
        """The binding that grants a verb on any of ``resources``, the ways to write one (:func:`ways_to_write`).

        ``name`` None asks for a grant that holds for every name.
        """
        for of_verb in (self._resources.get(verb), self._resources.get(ALL)):
            if of_verb is None:
                continue
            for of_group in (of_verb.get(group), of_verb.get(ALL)):
                if of_group is None:
                    continue
                for resource in resources:
                    holders = of_group.get(resource)
                    if holders is None:
                        continue
                    if holders.any_name is not None:
                        return holders.any_name
                    if name is not None and name in holders.by_name:
                        return holders.by_name[name]
        for rule, binding in self._large:
            if allows_resource(rule, verb, group, resources, name):
                return binding
        return None

    def of_path(self, verb: str, path: str) -> Binding | None:
        """The binding that grants a verb on a non-resource path."""
        for key in (verb, ALL):
            binding = self._paths.get(key, _NOTHING).get(path)
            if binding is not None:
                return binding
            for prefix, holder in self._prefixes.get(key, _NOTHING).items():
                if path.startswith(prefix):
                    return holder
        return next((binding for rule, binding in self._large if allows_path(rule, verb, path)), None)

    def _add_resources(self, verb: str, rule: PolicyRule, binding: Binding) -> None:
        of_verb = self._resources.setdefault(verb, {})
        for group in rule.api_groups:
            of_group = of_verb.setdefault(group, {})
            for resource in rule.resources:
                holders = of_group.get(resource)
                if holders is None:
                    holders = of_group[resource] = _Holders()
                for name in rule.resource_names:
                    holders.by_name.setdefault(name, binding)
                if not rule.resource_names and holders.any_name is None:
                    holders.any_name = binding

    def _add_paths(self, verb: str, urls: Sequence[str], binding: Binding) -> None:
        for url in urls:
            exact = self._paths.setdefault(verb, {})
            exact.setdefault(url, binding)
            if url.endswith(ALL):
                self._prefixes.setdefault(verb, {}).setdefault(url.rstrip(ALL), binding)


_NOTHING: dict[str, Binding] = {}


def ways_to_write(resource: str, subresource: str) -> tuple[str, ...]:
    """The resources of rules that mean this one: itself, ``*`` and, of a subresource, ``*/subresource``."""
    return (f"{resource}/{subresource}", ALL, f"*/{subresource}") if subresource else (resource, ALL)


def allows_resource(rule: PolicyRule, verb: str, group: str, resources: Sequence[str], name: str | None) -> bool:
    """Whether one rule allows it, without a table."""
    return (
        (verb in rule.verbs or ALL in rule.verbs)
        and (group in rule.api_groups or ALL in rule.api_groups)
        and any(resource in rule.resources for resource in resources)
        and (not rule.resource_names or name in rule.resource_names)
    )


def allows_path(rule: PolicyRule, verb: str, path: str) -> bool:
    """Whether one rule allows a verb on a non-resource path, without a table."""
    if verb not in rule.verbs and ALL not in rule.verbs:
        return False
    return any(
        url == path or (url.endswith(ALL) and path.startswith(url.rstrip(ALL))) for url in rule.non_resource_urls
    )
