"""From the claims of a verified token to a user.

Specified in "Authenticating", section "JSON Web Token authentication".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from steersman.apimachinery.cel import EvaluationError, Lazy, Program
from steersman.apiserver.authentication.oidc.configuration import ClaimOrExpression, PrefixedClaimOrExpression
from steersman.apiserver.authentication.oidc.expressions import cel_value, user_value
from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.user import UserInfo

CREDENTIAL_ID: Final = "authentication.kubernetes.io/credential-id"

Claims = Mapping[str, Any]
"""The payload of a token: claims by name, as JSON has them."""
Read = Callable[[Claims, Lazy], Any]
"""Takes something from the claims; the second form of them is for expressions. Raises Refused."""


class Rule(NamedTuple):
    """A condition, and what to say where it does not hold."""

    program: Program
    message: str


@dataclass(frozen=True, slots=True)
class ClaimsMapping:
    """What an issuer's configuration comes to once it is compiled; ``required`` has values by claim."""

    username: Read
    groups: Read
    uid: Read
    extra: Sequence[tuple[str, Read]] = ()
    required: Sequence[tuple[str, str]] = ()
    claim_rules: Sequence[Rule] = ()
    user_rules: Sequence[Rule] = ()

    def user(self, claims: Claims) -> UserInfo:
        """Raises Refused for claims that are missing or of another type, and where a rule does not hold."""
        seen = Lazy(lambda: cel_value(claims))
        extra = {CREDENTIAL_ID: (f"JTI={jti}",)} if (jti := claims.get("jti")) and isinstance(jti, str) else {}
        user = UserInfo(
            self.username(claims, seen),
            self.uid(claims, seen),
            self.groups(claims, seen),
            {**extra, **{key: values for key, read in self.extra if (values := read(claims, seen))}},
        )
        for claim, value in self.required:
            _require(claims, claim, value)
        for rule in self.claim_rules:
            _hold(rule, "claims", seen)
        made = user_value(user) if self.user_rules else None
        for rule in self.user_rules:
            _hold(rule, "user", made)
        return user


def read_username(mapping: PrefixedClaimOrExpression, program: Program | None) -> Read:
    if program is not None:
        return _username_of(program)
    claim, prefix = mapping.claim, mapping.prefix or ""

    def read(claims: Claims, _: Lazy) -> str:
        name = _text(claims, claim)
        if claim == "email" and claims.get("email_verified", True) is not True:
            raise Refused("the email address is not verified")
        if not (prefix or name):
            raise Refused(f"the claim {claim!r}, the user's name, is empty")
        return prefix + name

    return read


def read_groups(mapping: PrefixedClaimOrExpression, program: Program | None) -> Read:
    """A string is one group, a list of strings several; none where the claim is missing."""
    if program is not None:
        return read_strings(program)
    claim, prefix = mapping.claim, mapping.prefix or ""

    def read(claims: Claims, _: Lazy) -> tuple[str, ...]:
        found = claims.get(claim)
        groups = [found] if isinstance(found, str) else [] if found is None else found
        if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
            raise Refused(f"the claim {claim!r} must be a string or a list of strings")
        return tuple(prefix + group for group in groups)

    return read if claim else lambda *_: ()


def read_uid(mapping: ClaimOrExpression, program: Program | None) -> Read:
    if program is not None:
        return _uid_of(program)
    return (lambda claims, _: _text(claims, mapping.claim)) if mapping.claim else lambda *_: ""


def read_strings(program: Program) -> Read:
    """What an expression makes of a string or a list of strings: those that are not empty; null is none."""

    def read(_: Claims, seen: Lazy) -> tuple[str, ...]:
        value = _evaluate(program, "claims", seen)
        values = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise Refused(f"expression {program.source!r} must return a string or a list of strings")
        return tuple(filter(None, values))

    return read


def _username_of(program: Program) -> Read:
    read = _uid_of(program)

    def username(claims: Claims, seen: Lazy) -> Any:
        name = read(claims, seen)
        if not name:
            raise Refused("empty username via CEL expression is not allowed")
        return name

    return username


def _uid_of(program: Program) -> Read:
    def read(_: Claims, seen: Lazy) -> str:
        value = _evaluate(program, "claims", seen)
        if not isinstance(value, str):
            raise Refused(f"expression {program.source!r} must return a string")
        return value

    return read


def _text(claims: Claims, claim: str) -> str:
    if claim not in claims:
        raise Refused(f"the claim {claim!r} is not present")
    value = claims[claim]
    if not isinstance(value, str):
        raise Refused(f"the claim {claim!r} must be a string")
    return value


def _require(claims: Claims, claim: str, value: str) -> None:
    if _text(claims, claim) != value:
        raise Refused(f"the required claim {claim!r} has another value")


def _hold(rule: Rule, variable: str, value: Any) -> None:
    if _evaluate(rule.program, variable, value) is not True:
        raise Refused(f"validation expression {rule.program.source!r} failed: {rule.message}")


def _evaluate(program: Program, variable: str, value: Any) -> Any:
    try:
        return program.evaluate({variable: value})
    except EvaluationError as error:
        raise Refused(f"expression {program.source!r} resulted in error: {error.message}") from None
