"""From claims to users: claims, expressions, and rules that must hold."""

from typing import Any

import pytest
from tests.apiserver.authentication.oidc.issuers import ISSUER, trusted

from steersman.apiserver.authentication.oidc.refusal import Refused
from steersman.apiserver.authentication.user import UserInfo

JANE: dict[str, Any] = {
    "iss": ISSUER["url"],
    "sub": "jane",
    "email": "jane@example.com",
    "email_verified": True,
    "aud": ["us", "them"],
    "exp": 1_800_000_000,
    "level": 3,
    "ratio": 0.5,
    "groups": ["dev", "ops"],
    "role": "admin",
    "admin": True,
    "nobody": None,
    "empty": "",
    "holes": ["a", "", "b"],
    "mixed": ["a", 1],
    "realm": {"roles": ["x", "y"], "kubernetes.io": {"pod-name": "p"}},
    "kubernetes.io/pod": "p",
}


def user(claims: dict[str, Any] | None = None, **configured: Any) -> UserInfo:
    return trusted(**configured).mapping.user(JANE if claims is None else claims)


def why(claims: dict[str, Any] | None = None, **configured: Any) -> str:
    with pytest.raises(Refused) as refused:
        user(claims, **configured)
    return str(refused.value)


USERNAMES = [
    ({"claim": "sub", "prefix": ""}, "jane"),
    ({"claim": "sub", "prefix": "oidc:"}, "oidc:jane"),
    ({"claim": "email", "prefix": ""}, "jane@example.com"),
    ({"claim": "empty", "prefix": "x:"}, "x:"),
    ({"expression": "claims.sub"}, "jane"),
    ({"expression": "'oidc:' + claims.sub"}, "oidc:jane"),
    ({"expression": "claims['sub'].upperAscii()"}, "JANE"),
    ({"expression": "claims.sub + ':' + string(claims.level)"}, "jane:3"),
    ({"expression": "claims.realm.roles[1]"}, "y"),
    ({"expression": "claims.realm.kubernetes__dot__io.pod__dash__name"}, "p"),
    ({"expression": "claims.kubernetes__dot__io__slash__pod"}, "p"),
    ({"expression": "has(claims.kubernetes__dot__io__slash__pod) ? 'yes' : 'no'"}, "yes"),
    ({"expression": "claims.?kubernetes__dot__io__slash__node.orValue('none')"}, "none"),
    ({"expression": "claims.?nickname.orValue(claims.sub)"}, "jane"),
    ({"expression": "claims.email_verified ? claims.email : claims.sub"}, "jane@example.com"),
]


@pytest.mark.parametrize(("mapping", "name"), USERNAMES)
def test_user_names(mapping: dict[str, str], name: str) -> None:
    assert user(username=mapping).name == name


NO_USERNAMES = [
    ({"claim": "nickname", "prefix": ""}, "the claim 'nickname' is not present"),
    ({"claim": "nobody", "prefix": ""}, "the claim 'nobody' must be a string"),
    ({"claim": "level", "prefix": ""}, "the claim 'level' must be a string"),
    ({"claim": "empty", "prefix": ""}, "the claim 'empty', the user's name, is empty"),
    ({"expression": "claims.nickname"}, "expression 'claims.nickname' resulted in error: no such key: nickname"),
    ({"expression": "claims.level"}, "expression 'claims.level' must return a string"),
    ({"expression": "claims.groups"}, "expression 'claims.groups' must return a string"),
    ({"expression": "claims.empty"}, "empty username via CEL expression is not allowed"),
]


@pytest.mark.parametrize(("mapping", "problem"), NO_USERNAMES)
def test_no_user_name(mapping: dict[str, str], problem: str) -> None:
    assert why(username=mapping) == problem


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified(verified: object) -> None:
    claims = {**JANE, "email_verified": verified}
    assert why(claims, username={"claim": "email", "prefix": ""}) == "the email address is not verified"


def test_an_address_of_which_nothing_is_said() -> None:
    assert user({"email": "j@x.org"}, username={"claim": "email", "prefix": ""}).name == "j@x.org"


STRINGS: list[tuple[str, tuple[str, ...]]] = [
    ("claims.groups", ("dev", "ops")),
    ("claims.role", ("admin",)),
    ("claims.groups + [claims.role]", ("dev", "ops", "admin")),
    ("claims.groups.filter(g, g != 'ops').map(g, 'x:' + g)", ("x:dev",)),
    ("claims.nobody", ()),
    ("claims.empty", ()),
    ("claims.holes", ("a", "b")),
    ("[]", ()),
    ("null", ()),
    ("'fixed'", ("fixed",)),
    ("(has(claims.admin) && claims.admin) ? 'true' : ''", ("true",)),
    ("has(claims.missing) ? claims.missing : []", ()),
    ("claims.realm.roles", ("x", "y")),
]


@pytest.mark.parametrize(("expression", "values"), STRINGS)
def test_groups_and_extra_fields_by_expressions(expression: str, values: tuple[str, ...]) -> None:
    extra = [{"key": "example.org/x", "valueExpression": expression}]
    made = user(groups={"expression": expression}, extra=extra)

    assert made.groups == values
    assert made.extra == ({"example.org/x": values} if values else {})


@pytest.mark.parametrize("expression", ["claims.mixed", "claims.level", "claims.admin", "claims.realm", "b'x'"])
def test_what_is_no_list_of_strings(expression: str) -> None:
    problem = f"expression {expression!r} must return a string or a list of strings"
    assert why(groups={"expression": expression}) == problem
    assert why(extra=[{"key": "example.org/x", "valueExpression": expression}]) == problem


GROUPS: list[tuple[object, tuple[str, ...] | None]] = [
    (["a", "b"], ("o:a", "o:b")),
    ("a", ("o:a",)),
    ([], ()),
    (None, ()),
    (1, None),
    (["a", 1], None),
    ({"a": "b"}, None),
]


@pytest.mark.parametrize(("value", "groups"), GROUPS)
def test_groups_by_a_claim(value: object, groups: tuple[str, ...] | None) -> None:
    claims, mapping = {"sub": "jane", "g": value}, {"claim": "g", "prefix": "o:"}
    if groups is None:
        assert why(claims, groups=mapping) == "the claim 'g' must be a string or a list of strings"
    else:
        assert user(claims, groups=mapping).groups == groups


def test_a_token_may_have_no_groups() -> None:
    assert user({"sub": "jane"}, groups={"claim": "g", "prefix": "o:"}).groups == ()


def test_uids() -> None:
    assert user(uid={"claim": "sub"}).uid == "jane"
    assert user(uid={"expression": "claims.sub + '!'"}).uid == "jane!"
    assert user().uid == ""
    assert why(uid={"claim": "level"}) == "the claim 'level' must be a string"
    assert why(uid={"expression": "claims.level"}) == "expression 'claims.level' must return a string"


def test_the_credential_has_a_name() -> None:
    made = user({"sub": "jane", "jti": "7"}, extra=[{"key": "example.org/x", "valueExpression": "claims.sub"}])
    assert made.extra == {"authentication.kubernetes.io/credential-id": ("JTI=7",), "example.org/x": ("jane",)}
    assert user({"sub": "jane", "jti": 7}).extra == {}


CLAIM_RULES = [
    ("claims.sub == 'jane'", None),
    ("claims.aud.exists(a, a == 'us')", None),
    ("sets.equivalent(claims.aud, ['us', 'them'])", None),
    ("claims.level >= 3 && claims.level < 4", None),
    ("claims.level == 3 && claims.level == 3.0 && type(claims.level) == double", None),
    ("claims.exp - claims.exp == 0.0", None),
    ("claims.email.endsWith('@example.com')", None),
    ("claims.?email_verified.orValue(true) == true", None),
    ("'dev' in claims.groups", None),
    ("has(claims.sub) && !has(claims.hd)", None),
    ("claims.size() > 3", None),
    ("claims.sub == 'joe'", "validation expression {!r} failed: told so"),
    ("claims.hd == 'x'", "expression {!r} resulted in error: no such key: hd"),
    ("claims.level + 1 > 0", "expression {!r} resulted in error: no such overload"),
]


@pytest.mark.parametrize(("expression", "problem"), CLAIM_RULES)
def test_rules_about_claims(expression: str, problem: str | None) -> None:
    rules = [{"expression": expression, "message": "told so"}]
    if problem is None:
        assert user(claimValidationRules=rules).name == "jane"
    else:
        assert why(claimValidationRules=rules) == problem.format(expression)


REQUIRED: list[tuple[str, str, str | None]] = [
    ("role", "admin", None),
    ("empty", "", None),
    ("role", "user", "the required claim 'role' has another value"),
    ("hd", "", "the claim 'hd' is not present"),
    ("admin", "true", "the claim 'admin' must be a string"),
]


@pytest.mark.parametrize(("claim", "value", "problem"), REQUIRED)
def test_required_claims(claim: str, value: str, problem: str | None) -> None:
    rules = [{"claim": claim, "requiredValue": value}]
    if problem is None:
        assert user(claimValidationRules=rules).name == "jane"
    else:
        assert why(claimValidationRules=rules) == problem


USER_RULES = [
    ("user.username == 'jane'", True),
    ("!user.username.startsWith('system:')", True),
    ("user.groups.all(g, !g.startsWith('system:'))", True),
    ("user.groups == ['dev', 'ops']", True),
    ("user.uid == ''", True),
    ("user.extra['example.org/x'] == ['admin']", True),
    ("user.extra.example__dot__org__slash__x[0] == 'admin'", True),
    ("'other' in user.extra", False),
    ("user.username == 'joe'", False),
]


@pytest.mark.parametrize(("expression", "holds"), USER_RULES)
def test_rules_about_users(expression: str, holds: bool) -> None:
    configured: dict[str, Any] = {
        "userValidationRules": [{"expression": expression, "message": "told so"}],
        "groups": {"claim": "groups", "prefix": ""},
        "extra": [{"key": "example.org/x", "valueExpression": "claims.role"}],
    }
    if holds:
        assert user(**configured).name == "jane"
    else:
        assert why(**configured) == f"validation expression {expression!r} failed: told so"


def test_names_of_the_system_are_refused_only_if_a_rule_says_so() -> None:
    claims = {"sub": "system:admin"}
    assert user(claims).name == "system:admin"
    rules = [{"expression": "!user.username.startsWith('system:')", "message": "reserved"}]
    assert why(claims, userValidationRules=rules).endswith("failed: reserved")
