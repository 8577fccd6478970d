"""What claim mappings and rules may be, and what they are compiled to (KEP-3331)."""

import re
from collections.abc import Callable, Iterator

from steersman.apimachinery.cel import Program
from steersman.apimachinery.errors import FieldError, field_duplicate, field_invalid, field_required
from steersman.apimachinery.names import check_dns1123_subdomain
from steersman.apiserver.authentication.oidc.claims_mapping import (
    ClaimsMapping,
    Rule,
    read_groups,
    read_strings,
    read_uid,
    read_username,
)
from steersman.apiserver.authentication.oidc.configuration import (
    ClaimOrExpression,
    ClaimValidationRule,
    ExtraMapping,
    JWTAuthenticator,
    PrefixedClaimOrExpression,
    UserValidationRule,
)
from steersman.apiserver.authentication.oidc.expressions import (
    CLAIMS,
    USER,
    compile_mapping,
    compile_rule,
    uses_claim,
)

_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_RESERVED = ("kubernetes.io", "k8s.io")
_BOTH = "claim and expression can't both be set"
_EMAIL_VERIFIED = (
    "claims.email_verified must be used in claimMappings.username.expression or"
    " claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in"
    " claimMappings.username.expression"
)

Compile = Callable[[str], Program]


class MappingCompiler:
    """Compiles the mappings and rules of one issuer; ``errors`` takes what is wrong with them, by path."""

    def __init__(self, path: str, errors: list[FieldError]) -> None:
        self._path, self._errors = path, errors

    def compile(self, authenticator: JWTAuthenticator) -> ClaimsMapping:
        """Of use only if there were no errors."""
        rules, mappings = authenticator.claim_validation_rules, authenticator.claim_mappings
        path = f"{self._path}.claimMappings"
        claim_rules = self._claim_rules(rules, f"{self._path}.claimValidationRules")
        username = self._prefixed(mappings.username, f"{path}.username", required=True)
        groups = self._prefixed(mappings.groups, f"{path}.groups")
        uid = self._uid(mappings.uid, f"{path}.uid")
        extra = self._extra(mappings.extra, f"{path}.extra")
        self._check_email(username, [rule.program for rule in claim_rules] + [one for _, one in extra], path)
        return ClaimsMapping(
            read_username(mappings.username, username),
            read_groups(mappings.groups, groups),
            read_uid(mappings.uid, uid),
            tuple((key, read_strings(program)) for key, program in extra),
            tuple((rule.claim, rule.required_value) for rule in rules if rule.claim),
            claim_rules,
            self._user_rules(authenticator.user_validation_rules, f"{self._path}.userValidationRules"),
        )

    def _claim_rules(self, rules: tuple[ClaimValidationRule, ...], path: str) -> tuple[Rule, ...]:
        found: list[Rule] = []
        seen: set[tuple[str, str]] = set()
        for at, rule in enumerate(rules):
            here = f"{path}[{at}]"
            member = "claim" if rule.claim else "expression"
            wrong = list(_claim_rule_errors(rule, here))
            if not wrong and (member, rule.claim or rule.expression) in seen:
                wrong.append(field_duplicate(f"{here}.{member}", rule.claim or rule.expression))
            seen.add((member, rule.claim or rule.expression))
            self._errors += wrong
            if rule.expression and not wrong:
                program = self._program(lambda text: compile_rule(CLAIMS, text), rule.expression, f"{here}.expression")
                found += [Rule(program, rule.message)] if program else []
        return tuple(found)

    def _user_rules(self, rules: tuple[UserValidationRule, ...], path: str) -> tuple[Rule, ...]:
        found: list[Rule] = []
        for at, rule in enumerate(rules):
            here = f"{path}[{at}].expression"
            if not rule.expression:
                self._errors.append(field_required(here))
            elif rule.expression in [earlier.expression for earlier in rules[:at]]:
                self._errors.append(field_duplicate(here, rule.expression))
            elif program := self._program(lambda text: compile_rule(USER, text), rule.expression, here):
                found.append(Rule(program, rule.message))
        return tuple(found)

    def _prefixed(self, mapping: PrefixedClaimOrExpression, path: str, required: bool = False) -> Program | None:
        if mapping.expression and mapping.claim:
            self._errors.append(field_invalid(path, "", _BOTH))
        elif mapping.expression:
            if mapping.prefix is not None:
                detail = "may not be specified when expression is set"
                self._errors.append(field_invalid(f"{path}.prefix", mapping.prefix, detail))
            return self._program(compile_mapping, mapping.expression, f"{path}.expression")
        elif mapping.claim:
            if mapping.prefix is None:
                detail = "prefix is required when claim is set. It can be set to an empty string to disable prefixing"
                self._errors.append(field_required(f"{path}.prefix", detail))
        elif required:
            self._errors.append(field_required(path, "claim or expression is required"))
        return None

    def _uid(self, mapping: ClaimOrExpression, path: str) -> Program | None:
        if mapping.claim and mapping.expression:
            self._errors.append(field_invalid(path, "", _BOTH))
        elif mapping.expression:
            return self._program(compile_mapping, mapping.expression, f"{path}.expression")
        return None

    def _extra(self, mappings: tuple[ExtraMapping, ...], path: str) -> list[tuple[str, Program]]:
        found: list[tuple[str, Program]] = []
        for at, mapping in enumerate(mappings):
            here = f"{path}[{at}]"
            self._errors += _key_errors(mapping.key, f"{here}.key")
            if mapping.key in [earlier.key for earlier in mappings[:at]]:
                self._errors.append(field_duplicate(f"{here}.key", mapping.key))
            elif not mapping.value_expression:
                self._errors.append(field_required(f"{here}.valueExpression"))
            elif program := self._program(compile_mapping, mapping.value_expression, f"{here}.valueExpression"):
                found.append((mapping.key, program))
        return found

    def _check_email(self, username: Program | None, others: list[Program], path: str) -> None:
        """An address that was not verified can be anybody's."""
        if username is None or not uses_claim(username.source, "email"):
            return
        if not any(uses_claim(program.source, "email_verified") for program in (username, *others)):
            self._errors.append(field_invalid(f"{path}.username.expression", username.source, _EMAIL_VERIFIED))

    def _program(self, compile_: Compile, expression: str, path: str) -> Program | None:
        try:
            return compile_(expression)
        except ValueError as error:
            self._errors.append(field_invalid(path, expression, str(error)))
            return None


def _claim_rule_errors(rule: ClaimValidationRule, path: str) -> Iterator[FieldError]:
    if rule.claim and rule.expression:
        yield field_invalid(path, rule.claim, _BOTH)
    elif not rule.claim and not rule.expression:
        yield field_required(path, "claim or expression is required")
    elif rule.claim and rule.message:
        yield field_invalid(f"{path}.message", rule.message, "may not be specified when claim is set")
    elif rule.expression and rule.required_value:
        detail = "may not be specified when expression is set"
        yield field_invalid(f"{path}.requiredValue", rule.required_value, detail)


def _key_errors(key: str, path: str) -> Iterator[FieldError]:
    """Keys of extra fields are ``example.org/name``."""
    domain, _, rest = key.partition("/")
    if not key:
        yield field_required(path)
        return
    if not domain or not rest:
        yield field_invalid(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from (field_invalid(path, domain, problem) for problem in check_dns1123_subdomain(domain))
        if not _PATH.fullmatch(rest):
            yield field_invalid(path, rest, f"Invalid path (regex used for validation is '{_PATH.pattern}')")
        if domain in _RESERVED or domain.endswith(tuple(f".{name}" for name in _RESERVED)):
            detail = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
            yield field_invalid(path, key, detail)
    if key != key.lower():
        yield field_invalid(path, key, "must be lowercase")
