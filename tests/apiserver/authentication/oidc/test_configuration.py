"""Configurations that can be, and what is said of those that cannot."""

from typing import Any

import pytest
from tests.admission.webhook.webhook_server import certificate
from tests.apiserver.authentication.oidc.issuers import ISSUER, configuration, document, jwt, refusal

from steersman.apiserver.authentication.oidc.configuration import (
    AnonymousCondition,
    AnonymousConfiguration,
    decode_configuration,
)
from steersman.apiserver.authentication.oidc.validation import MAX_CHARACTERS, compile_configuration
from steersman.apiserver.authentication.user import UserInfo

URL = ISSUER["url"]


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_versions(version: str) -> None:
    read = configuration(jwt(), version=version)
    assert read.jwt[0].issuer.url == URL


def test_all_members() -> None:
    authority = certificate("127.0.0.1")[0].decode()
    issuer = {
        "url": f"{URL}/a",
        "discoveryURL": f"{URL}/b",
        "certificateAuthority": authority,
        "audiences": ["a", "b"],
        "audienceMatchPolicy": "MatchAny",
    }
    full = jwt(
        issuer,
        claimValidationRules=[{"claim": "hd", "requiredValue": "x"}, {"expression": "true", "message": "m"}],
        username={"expression": "claims.email_verified ? claims.email : 'x'"},
        groups={"claim": "groups", "prefix": ""},
        uid={"claim": "sub"},
        extra=[{"key": "example.org/x", "valueExpression": "claims.sub"}],
        userValidationRules=[{"expression": "user.username != ''", "message": "m"}],
    )
    anonymous = {"enabled": True, "conditions": [{"path": "/livez"}]}
    read = configuration(full, jwt(), anonymous=anonymous)

    first, second = compile_configuration(read)
    assert (first.issuer.url, first.issuer.discovery_url) == (f"{URL}/a", f"{URL}/b")
    assert (first.groups_claim, second.groups_claim) == ("groups", "")
    assert first.mapping.required == (("hd", "x"),)
    assert [rule.message for rule in first.mapping.claim_rules] == ["m"]
    assert read.anonymous == AnonymousConfiguration(enabled=True, conditions=(AnonymousCondition(path="/livez"),))


YAML = b"""
apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: https://issuer.example.com
    audiences: [us, them]
    audienceMatchPolicy: MatchAny
  claimValidationRules:
  - expression: 'claims.hd == "example.com"'
    message: the hosted domain must be example.com
  claimMappings:
    username:
      expression: 'claims.username + ":external-user"'
    groups: {claim: groups, prefix: ""}
    extra:
    - key: example.com/tenant
      valueExpression: claims.tenant
  userValidationRules:
  - expression: "!user.username.startsWith('system:')"
    message: "username cannot use the reserved system: prefix"
anonymous: {enabled: true, conditions: [{path: /healthz}]}
"""


def test_yaml() -> None:
    read = decode_configuration(YAML)
    user = compile_configuration(read)[0].mapping.user(
        {"username": "jane", "hd": "example.com", "tenant": "t", "groups": "dev"}
    )
    assert user == UserInfo("jane:external-user", "", ("dev",), {"example.com/tenant": ("t",)})
    assert read.anonymous is not None
    assert read.anonymous.conditions[0].path == "/healthz"


def test_null_is_what_is_not_there() -> None:
    read = configuration(jwt(groups=None, claimValidationRules=None), anonymous=None)
    assert read == configuration(jwt())


def test_no_issuers_at_all() -> None:
    assert compile_configuration(configuration()) == []


UNREADABLE = [
    (b" ", "empty config data"),
    (b"a: [", "error converting YAML to JSON: yaml: line 2: did not find expected node content"),
    (b"[]", "must be an object"),
    (b"kind: AuthenticationConfiguration", "must be an AuthenticationConfiguration of apiVersion apiserver.config.k8s"),
    (document(version="v2"), "must be an AuthenticationConfiguration of apiVersion apiserver.config.k8s.io/v1 or "),
    (document(foo=1), 'strict decoding error: unknown field "foo"'),
    (document(jwt(issuers=[])), 'strict decoding error: unknown field "jwt[0].issuers"'),
    (document(jwt({"URL": "x"})), 'strict decoding error: unknown field "jwt[0].issuer.URL"'),
    (document(jwt({"url": 1})), "jwt[0].issuer.url: expected str, got int"),
    (document(jwt({"audiences": "us"})), "jwt[0].issuer.audiences: expected array, got str"),
    (document(jwt({"audiences": ["us", 1]})), "jwt[0].issuer.audiences[1]: expected str, got int"),
    (document(anonymous={"enabled": "yes"}), "anonymous.enabled: expected bool, got str"),
    (document()[:-1] + b',"jwt":[]}', 'strict decoding error: duplicate field "jwt"'),
]


@pytest.mark.parametrize(("data", "problem"), UNREADABLE)
def test_what_cannot_be_read(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        decode_configuration(data)
    assert str(refused.value).startswith(problem)


def rules(*listed: dict[str, str]) -> dict[str, Any]:
    return jwt(claimValidationRules=list(listed))


def user_rules(*listed: dict[str, str]) -> dict[str, Any]:
    return jwt(userValidationRules=list(listed))


def extra(*listed: tuple[str, str]) -> dict[str, Any]:
    return jwt(extra=[{"key": key, "valueExpression": expression} for key, expression in listed])


BOTH = "claim and expression can't both be set"
UNPREFIXED = "prefix is required when claim is set. It can be set to an empty string to disable prefixing"
RESERVED = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
INVALID = [
    (jwt({"url": ""}), "issuer.url: Required value"),
    (jwt({"url": "http://a"}), 'issuer.url: Invalid value: "http://a": URL scheme must be https'),
    (
        jwt({"url": "https://u:p@a"}),
        'issuer.url: Invalid value: "https://u:p@a": URL must not contain a username or password',
    ),
    (jwt({"url": "https://a?b=c"}), 'issuer.url: Invalid value: "https://a?b=c": URL must not contain a query'),
    (jwt({"url": "https://a#b"}), 'issuer.url: Invalid value: "https://a#b": URL must not contain a fragment'),
    (jwt({"url": "https:///a"}), 'issuer.url: Invalid value: "https:///a": URL must have a host'),
    (jwt({"url": "https://a:b"}), 'issuer.url: Invalid value: "https://a:b": Port could not be cast to integer'),
    (
        jwt({"url": "https://kubernetes.default.svc"}),
        'issuer.url: Invalid value: "https://kubernetes.default.svc": URL must not overlap with disallowed issuers: '
        "[https://kubernetes.default.svc]",
    ),
    (
        jwt({"discoveryURL": f"{URL}/"}),
        f'issuer.discoveryURL: Invalid value: "{URL}/": discoveryURL must be different from URL',
    ),
    (jwt({"discoveryURL": "ftp://a"}), 'issuer.discoveryURL: Invalid value: "ftp://a": URL scheme must be https'),
    (
        jwt({"audiences": []}),
        "issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required",
    ),
    (jwt({"audiences": [""]}), "issuer.audiences[0]: Required value"),
    (
        jwt({"audiences": ["a", "a"], "audienceMatchPolicy": "MatchAny"}),
        'issuer.audiences[1]: Duplicate value: "a"',
    ),
    (
        jwt({"audiences": ["a", "b"]}),
        'issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences',
    ),
    (
        jwt({"audienceMatchPolicy": "All"}),
        'issuer.audienceMatchPolicy: Invalid value: "All": audienceMatchPolicy must be empty or MatchAny for single',
    ),
    (
        jwt({"certificateAuthority": "x"}),
        'issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA',
    ),
    (jwt({"egressSelectorType": "cluster"}), 'issuer.egressSelectorType: Invalid value: "cluster": egress selection'),
    (rules({}), "claimValidationRules[0]: Required value: claim or expression is required"),
    (
        rules({"claim": "a", "expression": "true"}),
        f'claimValidationRules[0]: Invalid value: "a": {BOTH}',
    ),
    (
        rules({"claim": "a", "message": "m"}),
        'claimValidationRules[0].message: Invalid value: "m": may not be specified when claim is set',
    ),
    (
        rules({"expression": "true", "requiredValue": "v"}),
        'claimValidationRules[0].requiredValue: Invalid value: "v": may not be specified when expression is set',
    ),
    (rules({"claim": "a"}, {"claim": "a"}), 'claimValidationRules[1].claim: Duplicate value: "a"'),
    (
        rules({"expression": "true"}, {"expression": "true"}),
        'claimValidationRules[1].expression: Duplicate value: "true"',
    ),
    (
        rules({"expression": "claims.a"}),
        'claimValidationRules[0].expression: Invalid value: "claims.a": must evaluate to bool',
    ),
    (
        rules({"expression": "user.a == 'b'"}),
        'claimValidationRules[0].expression: Invalid value: "user.a == \'b\'": compilation failed: ERROR: <input>:1:1: '
        "undeclared reference to 'user'",
    ),
    (user_rules({}), "userValidationRules[0].expression: Required value"),
    (
        user_rules({"expression": "true"}, {"expression": "true"}),
        'userValidationRules[1].expression: Duplicate value: "true"',
    ),
    (
        user_rules({"expression": "user.name == ''"}),
        "userValidationRules[0].expression: Invalid value: \"user.name == ''\": compilation failed: ERROR: "
        "<input>:1:5: undefined field 'name'",
    ),
    (
        user_rules({"expression": "user.username"}),
        'userValidationRules[0].expression: Invalid value: "user.username": must evaluate to bool',
    ),
    (jwt(username={}), "claimMappings.username: Required value: claim or expression is required"),
    (jwt(username={"claim": "sub"}), f"claimMappings.username.prefix: Required value: {UNPREFIXED}"),
    (
        jwt(username={"claim": "sub", "prefix": "", "expression": "claims.sub"}),
        f'claimMappings.username: Invalid value: "": {BOTH}',
    ),
    (
        jwt(username={"prefix": "a:", "expression": "claims.sub"}),
        'claimMappings.username.prefix: Invalid value: "a:": may not be specified when expression is set',
    ),
    (
        jwt(username={"expression": "claims.sub +"}),
        'claimMappings.username.expression: Invalid value: "claims.sub +": compilation failed: ERROR: <input>:1:13: ',
    ),
    (jwt(groups={"claim": "g"}), f"claimMappings.groups.prefix: Required value: {UNPREFIXED}"),
    (jwt(uid={"claim": "a", "expression": "'b'"}), f'claimMappings.uid: Invalid value: "": {BOTH}'),
    (jwt(uid={"expression": "a"}), 'claimMappings.uid.expression: Invalid value: "a": compilation failed: '),
    (extra(("", "'v'")), "claimMappings.extra[0].key: Required value"),
    (
        extra(("a", "'v'")),
        'claimMappings.extra[0].key: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
    ),
    (extra(("a/", "'v'")), 'claimMappings.extra[0].key: Invalid value: "a/": must be a domain-prefixed path'),
    (extra(("x/A", "'v'")), 'claimMappings.extra[0].key: Invalid value: "x/A": must be lowercase'),
    (extra(("x/a b", "'v'")), 'claimMappings.extra[0].key: Invalid value: "a b": Invalid path (regex used'),
    (extra(("x_y/a", "'v'")), 'claimMappings.extra[0].key: Invalid value: "x_y": a lowercase RFC 1123 subdomain'),
    (extra(("kubernetes.io/a", "'v'")), f'claimMappings.extra[0].key: Invalid value: "kubernetes.io/a": {RESERVED}'),
    (extra(("a.k8s.io/a", "'v'")), f'claimMappings.extra[0].key: Invalid value: "a.k8s.io/a": {RESERVED}'),
    (extra(("x/a", "'v'"), ("x/a", "'w'")), 'claimMappings.extra[1].key: Duplicate value: "x/a"'),
    (extra(("x/a", "")), "claimMappings.extra[0].valueExpression: Required value"),
    (extra(("x/a", "b")), 'claimMappings.extra[0].valueExpression: Invalid value: "b": compilation failed: '),
    (
        jwt(username={"expression": "claims.email"}),
        'claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("issuer", "problem"), INVALID)
def test_what_an_issuer_cannot_say(issuer: dict[str, Any], problem: str) -> None:
    told = refusal(issuer)
    assert told.startswith(f"jwt[0].{problem}")
    assert "\n" not in told


VERIFIED = [
    jwt(username={"expression": "claims.email_verified ? claims.email : ''"}),
    jwt(username={"expression": "claims.email"}, claimValidationRules=[{"expression": "claims.email_verified == 1"}]),
    jwt(
        username={"expression": "has(claims.email) ? claims.email : claims.sub"},
        claimValidationRules=[{"expression": "claims.?email_verified.orValue(true) == true"}],
    ),
    jwt(
        username={"expression": "[claims.email].filter(e, true)[0]"},
        extra=[{"key": "x/v", "valueExpression": "has(claims.email_verified) ? 'yes' : 'no'"}],
    ),
    jwt(username={"expression": "claims['email']"}),
    jwt(username={"expression": "claims.realm.email"}),
]  # fmt: skip


@pytest.mark.parametrize("issuer", VERIFIED)
def test_addresses_that_are_looked_at(issuer: dict[str, Any]) -> None:
    assert len(compile_configuration(configuration(issuer))) == 1


def test_several_issuers() -> None:
    told = refusal(jwt({"discoveryURL": "https://a"}), jwt({"discoveryURL": "https://a"}))
    assert told == (
        f'[jwt[1].issuer.url: Duplicate value: "{URL}", jwt[1].issuer.discoveryURL: Duplicate value: "https://a"]'
    )
    many = [jwt({"url": f"https://{number}"}) for number in range(65)]
    assert refusal(*many) == "jwt: Too many: 65: must have at most 64 items"


def test_what_is_told_is_bounded() -> None:
    told = refusal(*(jwt({"url": f"http://{number}"}) for number in range(20)))
    assert told.count("URL scheme") == 8
    assert told.endswith(", and 12 more]")
    assert len(refusal(jwt({"url": "http://" + "x" * 10_000}))) == MAX_CHARACTERS + 1


def test_conditions_of_what_is_off() -> None:
    told = refusal(anonymous={"enabled": False, "conditions": [{"path": "/livez"}]})
    assert told == (
        'anonymous.conditions: Invalid value: [{"path":"/livez"}]: '
        "enabled should be set to true when conditions are defined"
    )
