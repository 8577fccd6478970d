"""Checks the expressions of ValidatingAdmissionPolicies against the types of what they are for.

A policy is admitted without knowing what its objects look like. Here their schemas are known: of built-in kinds and of
custom resources. What is found is a warning, and no reason for the policy not to work. Specified in "Validating
Admission Policy", section "Type checking".
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.apiserver.registry.resource import Definition, Resource
from steersman.apiserver.registry.served import ServedResources

if TYPE_CHECKING:
    from steersman.apimachinery.cel import Type
    from steersman.apiserver.admission.policy_expressions import PolicyCompiler

MAX_TYPES = 10
"""How many types are looked at for one rule."""

_INT_OR_STRING = {"x-kubernetes-int-or-string": True}
_CHECKED = ("expression", "messageExpression")


class PolicyTypeChecker:
    def __init__(self, served: ServedResources) -> None:
        self._served = served

    async def warnings(self, spec: Mapping[str, Any]) -> list[dict[str, str]]:
        """For the ``spec`` of a policy, the warnings as they stand in ``status.typeChecking``.

        Types and expressions take a while: between any two of them others get their turn.
        """
        compilers, found = [], []
        for one in self._compilers(spec):
            compilers.append(one)
            await asyncio.sleep(0)
        for index, validation in enumerate(spec.get("validations") or ()):
            for member in _CHECKED:
                source = validation.get(member) or ""
                if source and (warning := _warning(source, compilers)):
                    found.append({"fieldRef": f"spec.validations[{index}].{member}", "warning": warning})
                await asyncio.sleep(0)
        return found

    def kinds(self, spec: Mapping[str, Any]) -> list[Resource]:
        """What the policy's rules name without wildcards, in the order of group, version and kind."""
        found: dict[GroupVersionKind, Resource] = {}
        for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
            left = MAX_TYPES
            for resource in self._named(rule):
                found[resource.gvk] = resource
                left -= 1
                if not left:
                    return _sorted(found)
        return _sorted(found)

    def _named(self, rule: Mapping[str, Any]) -> Iterator[Resource]:
        groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
        if any("*" in one for one in (*groups, *versions)):
            return
        plurals = [one for one in rule.get("resources") or () if not {"*", "/"} & set(one)]
        for group in sorted(groups):
            for version in sorted(versions):
                for plural in sorted(plurals):
                    resource = self._served.find(group, version, plural)
                    if resource is not None:
                        yield resource

    def _compilers(self, spec: Mapping[str, Any]) -> "Iterator[tuple[GroupVersionKind, PolicyCompiler]]":
        from steersman.apimachinery.cel import DYN
        from steersman.apiserver.admission.policy_expressions import PolicyCompiler, WrongExpression

        kinds = self.kinds(spec)
        params = None if spec.get("paramKind") is None or not kinds else self._params(spec["paramKind"]) or DYN
        for resource in kinds:
            compiler = PolicyCompiler(params=params, object=_type_of(resource) or DYN)
            for variable in spec.get("variables") or ():
                try:
                    compiler.declare(variable.get("name") or "", variable.get("expression") or "")
                except WrongExpression:
                    # What uses the variable is checked nevertheless: it may be of any type.
                    continue
            yield resource.gvk, compiler

    def _params(self, kind: Mapping[str, Any]) -> "Type | None":
        try:
            version = GroupVersion.parse(kind.get("apiVersion") or "")
        except ValueError:
            return None
        served = self._served.in_version(*version).values()
        found = next((one for one in served if one.kind == kind.get("kind")), None)
        return None if found is None else _type_of(found)


def _sorted(found: Mapping[GroupVersionKind, Resource]) -> list[Resource]:
    return [found[kind] for kind in sorted(found)]


def _warning(source: str, compilers: "Sequence[tuple[GroupVersionKind, PolicyCompiler]]") -> str:
    """What is wrong with an expression for each of the types; empty if nothing."""
    problems = ((kind, compiler.check(source)) for kind, compiler in compilers)
    return "\n".join(f"{_shown(kind)}: {problem}\n" for kind, problem in problems if problem)


def _shown(kind: GroupVersionKind) -> str:
    """As Go prints it: the core group leaves its slash."""
    return f"{kind.group}/{kind.version}, Kind={kind.kind}"


def _type_of(resource: Resource) -> "Type | None":
    from steersman.apimachinery.cel import type_of_schema

    schema = resolved(resource.definition)
    return type_of_schema(schema, root=True, name=resource.kind)


def resolved(definition: Definition) -> Mapping[str, Any]:
    """A schema with the definitions that it refers to in their places; of what contains itself, any value will do."""
    return _resolved(definition.load(), definition, ())


def _resolved(schema: Mapping[str, Any], definition: Definition, within: tuple[str, ...]) -> Mapping[str, Any]:
    reference = schema.get("$ref") or ""
    if not reference and len(schema.get("allOf") or ()) == 1:
        # A reference that has a default beside it.
        reference = schema["allOf"][0].get("$ref") or ""
    if reference:
        if reference in within:
            return _INT_OR_STRING
        return _resolved(definition.resolve(reference), definition, (*within, reference))
    if schema.get("format") == "int-or-string":
        return _INT_OR_STRING
    made = dict(schema)
    if properties := schema.get("properties"):
        made["properties"] = {name: _resolved(one, definition, within) for name, one in properties.items()}
    for member in ("items", "additionalProperties"):
        if isinstance(schema.get(member), Mapping):
            made[member] = _resolved(schema[member], definition, within)
    return made
