"""Comparing rules with what a user holds, in the smallest pieces: no one gives away more than they have."""

from collections.abc import Iterable, Sequence

from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.authorization.policy_rule import PolicyRule, quoted
from steersman.apiserver.authorization.rbac.grants import allows_path, allows_resource, ways_to_write
from steersman.apiserver.authorization.rbac.role_index import RoleIndex

MOST_ATOMS = 100_000
"""Rules that stand for more combinations than this are not compared: it would take seconds."""


class TooManyToCompare(ValueError):
    """The rules stand for too many combinations."""


def not_held(index: RoleIndex, user: UserInfo, namespace: str, rules: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The pieces of ``rules`` that none of the user's rules covers. Raises TooManyToCompare."""
    return [atom for atom in _atoms(rules) if not _holds(index, user, namespace, atom)]


def not_covered(rules: Iterable[PolicyRule], by: Sequence[PolicyRule]) -> list[PolicyRule]:
    """The pieces of ``rules`` that no single rule of ``by`` covers. Raises TooManyToCompare."""
    return [atom for atom in _atoms(rules) if not any(_covers(owned, atom) for owned in by)]


def escalation(index: RoleIndex, user: UserInfo, namespace: str, missing: Sequence[PolicyRule]) -> str:
    """What kube-apiserver says to a user who would grant what they do not hold."""
    shown = "\n".join(sorted({str(rule) for rule in compacted(missing)}))
    who = f'user "{user.name}" (groups={quoted(user.groups)})'
    text = f"{who} is attempting to grant RBAC permissions not currently held:\n{shown}"
    errors = index.errors(user, namespace)
    if not errors:
        return text
    said = errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]"
    return f"{text}; resolution errors: [{said}]"


def compacted(atoms: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The verbs of one resource in one rule again; what has names or paths stays as it is."""
    simple: dict[tuple[str, str], list[str]] = {}
    rest = []
    for atom in atoms:
        if atom.resource_names or atom.non_resource_urls:
            rest.append(atom)
        else:
            simple.setdefault((atom.api_groups[0], atom.resources[0]), []).append(atom.verbs[0])
    return rest + [PolicyRule(tuple(verbs), (group,), (resource,)) for (group, resource), verbs in simple.items()]


def _atoms(rules: Iterable[PolicyRule]) -> Iterable[PolicyRule]:
    rules = tuple(rules)
    if sum(rule.size for rule in rules) > MOST_ATOMS:
        raise TooManyToCompare(f"the rules stand for more than {MOST_ATOMS} combinations of verb and resource")
    return (atom for rule in rules for atom in rule.atoms())


def _holds(index: RoleIndex, user: UserInfo, namespace: str, atom: PolicyRule) -> bool:
    (verb,) = atom.verbs
    if atom.non_resource_urls:
        return index.path_grant(user, verb, atom.non_resource_urls[0], namespace) is not None
    resource, _, subresource = atom.resources[0].partition("/")
    name = atom.resource_names[0] if atom.resource_names else None
    return index.resource_grant(user, namespace, verb, atom.api_groups[0], resource, subresource, name) is not None


def _covers(owned: PolicyRule, atom: PolicyRule) -> bool:
    (verb,) = atom.verbs
    if atom.non_resource_urls:
        return allows_path(owned, verb, atom.non_resource_urls[0])
    resource, _, subresource = atom.resources[0].partition("/")
    name = atom.resource_names[0] if atom.resource_names else None
    return allows_resource(owned, verb, atom.api_groups[0], ways_to_write(resource, subresource), name)
