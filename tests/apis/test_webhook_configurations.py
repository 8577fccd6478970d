import copy
from collections.abc import Callable
from typing import Any

import pytest

from steersman.apis.match_conditions import MAX_MATCH_CONDITIONS
from steersman.apis.webhook_configurations import WebhookConfigurationStrategy

Webhook = dict[str, Any]

GOOD: Webhook = {
    "name": "a.example.com",
    "rules": [
        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "scope": "*"}
    ],
    "clientConfig": {"url": "https://example.com/path"},
    "sideEffects": "None",
    "admissionReviewVersions": ["v1"],
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "timeoutSeconds": 10,
}


def configuration(*webhooks: Webhook, version: str = "v1") -> Any:
    return {"apiVersion": f"admissionregistration.k8s.io/{version}", "metadata": {}, "webhooks": list(webhooks)}


def with_rule(**fields: Any) -> Webhook:
    return {**GOOD, "rules": [{**GOOD["rules"][0], **fields}]}


def to_service(**fields: Any) -> Webhook:
    return {**GOOD, "clientConfig": {"service": {"namespace": "ns", "name": "n", "port": 443, **fields}}}


def to_url(url: str) -> Webhook:
    return {**GOOD, "clientConfig": {"url": url}}


def without(field: str) -> Webhook:
    return {key: value for key, value in GOOD.items() if key != field}


def with_conditions(*conditions: Any) -> Webhook:
    return {**GOOD, "matchConditions": list(conditions)}


def problems(*webhooks: Webhook, version: str = "v1") -> list[str]:
    return [str(error) for error in WebhookConfigurationStrategy().validate(configuration(*webhooks, version=version))]


@pytest.mark.parametrize(
    "webhook",
    [
        GOOD,
        with_rule(operations=["*"], apiGroups=["*"], apiVersions=["*"], resources=["*/*"]),
        with_rule(resources=["*", "pods/*", "*/scale"]),
        with_rule(resources=["pods", "pods/status"]),
        with_rule(scope="Namespaced"),
        to_service(path="/validate/v1-pods"),
        to_service(path="/"),
        to_url("https://example.com:8443"),
        {**GOOD, "timeoutSeconds": 30, "reinvocationPolicy": "IfNeeded", "sideEffects": "NoneOnDryRun"},
        {**GOOD, "admissionReviewVersions": ["v2", "v1beta1"]},
        {**GOOD, "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}},
        with_conditions({"name": "mine", "expression": "request.userInfo.username != 'me'"}),
        with_conditions(
            {"name": "a.b/mine", "expression": "object.metadata.name.startsWith('a') || oldObject == null"}
        ),
    ],
)
def test_good_webhooks(webhook: Webhook) -> None:
    assert problems(webhook) == []


SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"


@pytest.mark.parametrize(
    ("webhook", "problem"),
    [
        (without("name"), "name: Required value"),
        ({**GOOD, "name": "a.b"}, 'name: Invalid value: "a.b": should be a domain with at least three segments'),
        ({**GOOD, "name": "A.b.c"}, f'name: Invalid value: "A.b.c": {SUBDOMAIN}'),
        (with_rule(operations=[]), "rules[0].operations: Required value"),
        (
            with_rule(operations=["*", "CREATE"]),
            'rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other oper',
        ),
        (
            with_rule(operations=["PATCH"]),
            'rules[0].operations[0]: Unsupported value: "PATCH": supported values:'
            ' "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        ),
        (with_rule(apiGroups=[]), "rules[0].apiGroups: Required value"),
        (with_rule(apiGroups=["a", "*"]), "rules[0].apiGroups: Invalid value: "),
        (with_rule(apiVersions=[]), "rules[0].apiVersions: Required value"),
        (with_rule(apiVersions=[""]), "rules[0].apiVersions[0]: Required value"),
        (with_rule(apiVersions=["v1", "*"]), "rules[0].apiVersions: Invalid value: "),
        (with_rule(resources=[]), "rules[0].resources: Required value"),
        (with_rule(resources=[""]), "rules[0].resources[0]: Required value"),
        (
            with_rule(resources=["pods/*", "pods/status"]),
            "rules[0].resources[1]: Invalid value: \"pods/status\": if 'pods/*' is present, must not specify po",
        ),
        (
            with_rule(resources=["*/status", "pods/status"]),
            "rules[0].resources[1]: Invalid value: \"pods/status\": if '*/status' is present,"
            " must not specify pods/status",
        ),
        (
            with_rule(resources=["*/*", "a"]),
            'rules[0].resources: Invalid value: ["*/*","a"]: if \'*/*\' is present, must not specify other resources',
        ),
        (with_rule(resources=["*", "a"]), "rules[0].resources: Invalid value: "),
        (
            with_rule(scope="World"),
            'rules[0].scope: Unsupported value: "World": supported values: "*", "Cluster", "Namespaced"',
        ),
        (
            {**GOOD, "failurePolicy": "Perhaps"},
            'failurePolicy: Unsupported value: "Perhaps": supported values: "Fail", "Ignore"',
        ),
        ({**GOOD, "matchPolicy": "Roughly"}, 'matchPolicy: Unsupported value: "Roughly"'),
        ({**GOOD, "reinvocationPolicy": "Often"}, 'reinvocationPolicy: Unsupported value: "Often"'),
        (without("sideEffects"), "sideEffects: Required value: must specify one of None, NoneOnDryRun"),
        (
            {**GOOD, "sideEffects": "Some"},
            'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        ),
        (
            {**GOOD, "timeoutSeconds": 31},
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
        ),
        ({**GOOD, "timeoutSeconds": 0}, "timeoutSeconds: Invalid value: 0: "),
        (
            without("admissionReviewVersions"),
            "admissionReviewVersions: Required value: must specify one of v1, v1beta1",
        ),
        (
            {**GOOD, "admissionReviewVersions": ["v3"]},
            'admissionReviewVersions: Invalid value: ["v3"]: must include at least one of v1, v1beta1',
        ),
        (
            {**GOOD, "admissionReviewVersions": ["v1", "v1"]},
            'admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
        ),
        ({**GOOD, "admissionReviewVersions": ["v1", "1"]}, 'admissionReviewVersions[1]: Invalid value: "1": '),
        ({**GOOD, "clientConfig": {}}, "clientConfig: Required value: exactly one of url or service is required"),
        (
            {**GOOD, "clientConfig": {"url": "https://a", "service": {"namespace": "a", "name": "b"}}},
            "clientConfig: Required value: exactly one of url or service is required",
        ),
        (
            to_url("http://a.b"),
            "clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme;"
            " desired format: https://host[/path]",
        ),
        (to_url("https:///p"), 'clientConfig.url: Invalid value: "": host must be specified'),
        (
            to_url("https://me:secret@a.b/"),
            'clientConfig.url: Invalid value: "me": user information is not permitted in the URL',
        ),
        (to_url("https://a.b/#c"), 'clientConfig.url: Invalid value: "c": fragments are not permitted in the URL'),
        (to_url("https://a.b/?c=d"), 'clientConfig.url: Invalid value: "c=d": query parameters are not permitted'),
        (to_url("https://[a"), "clientConfig.url: Required value: url must be a valid URL: "),
        (to_service(name=""), "clientConfig.service.name: Required value"),
        (to_service(namespace=""), "clientConfig.service.namespace: Required value"),
        (to_service(port=0), "clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and"),
        (to_service(path="foo"), "clientConfig.service.path: Invalid value: \"foo\": must start with a '/'"),
        (to_service(path="//"), 'clientConfig.service.path: Invalid value: "//": segment[0] may not be empty'),
        (to_service(path="/a//b"), 'clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty'),
        (to_service(path="/A"), f'clientConfig.service.path: Invalid value: "/A": segment[0]: {SUBDOMAIN}'),
        (
            {**GOOD, "objectSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
            'objectSelector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
        ),
        (
            {**GOOD, "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            "namespaceSelector.matchExpressions[0].values: Required value: must be specified when `operator` is",
        ),
        (
            {**GOOD, "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
            "namespaceSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is",
        ),
        (
            {**GOOD, "namespaceSelector": {"matchLabels": {"a": "b c"}}},
            'namespaceSelector.matchLabels: Invalid value: "b c": ',
        ),
        (with_conditions({"name": "a"}), "matchConditions[0].expression: Required value"),
        (with_conditions({"expression": "true"}), "matchConditions[0].name: Required value"),
        (with_conditions({"name": "a b", "expression": "true"}), 'matchConditions[0].name: Invalid value: "a b": '),
        (
            with_conditions({"name": "a", "expression": "request.unknown == 'x'"}),
            "matchConditions[0].expression: Invalid value: \"request.unknown == 'x'\": compilation failed: ERROR:",
        ),
        (
            with_conditions({"name": "a", "expression": "'x'"}),
            "matchConditions[0].expression: Invalid value: \"'x'\": must evaluate to bool but got string",
        ),
    ],
)
def test_what_is_wrong_with_a_webhook(webhook: Webhook, problem: str) -> None:
    (found,) = problems(webhook)

    assert found.startswith(f"webhooks[0].{problem}")


def test_names_are_unique() -> None:
    assert problems(GOOD, GOOD) == ['webhooks[1].name: Duplicate value: "a.example.com"']


def test_conditions_are_limited_and_their_names_unique() -> None:
    one = {"name": "a", "expression": "true"}

    assert problems(with_conditions(one, one)) == ['webhooks[0].matchConditions[1].name: Duplicate value: "a"']
    many = [{"name": f"a{at}", "expression": "true"} for at in range(MAX_MATCH_CONDITIONS + 1)]
    assert problems(with_conditions(*many)) == ["webhooks[0].matchConditions: Too many: 65: must have at most 64 items"]


def test_v1beta1_lets_more_pass() -> None:
    old = {**GOOD, "sideEffects": "Unknown", "admissionReviewVersions": ["v1alpha1"]}

    assert problems(old, old, version="v1beta1") == []
    assert len(problems(old, old)) == 5


@pytest.mark.parametrize("field", ["sideEffects", "admissionReviewVersions"])
def test_a_version_before_the_field_lets_it_be_missing(field: str) -> None:
    assert problems(without(field), version="v1beta1") == []
    assert len(problems(without(field))) == 1


BAD_VALUE = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]}


@pytest.mark.parametrize(
    "flaw",
    [
        {"sideEffects": "Some"},
        {"admissionReviewVersions": ["v3"]},
        {"objectSelector": BAD_VALUE},
        {"matchConditions": [{"name": "a", "expression": "no.such"}]},
    ],
)
def test_what_is_stored_may_stay(flaw: Webhook) -> None:
    flawed = {**GOOD, **flaw}
    changed = {**flawed, "timeoutSeconds": 5}
    update = WebhookConfigurationStrategy().validate_update

    assert update(configuration(changed), configuration(flawed)) == []
    assert update(configuration(changed), configuration(GOOD)) != []


def test_double_names_may_stay() -> None:
    update = WebhookConfigurationStrategy().validate_update

    assert update(configuration(GOOD, GOOD), configuration(GOOD, GOOD)) == []
    assert update(configuration(GOOD, GOOD), configuration(GOOD)) != []


def test_a_known_expression_is_not_compiled_again() -> None:
    unknown = {"name": "a", "expression": "no.such"}
    update = WebhookConfigurationStrategy().validate_update
    renamed: Callable[[str], Any] = lambda name: configuration(with_conditions({**unknown, "name": name}))  # noqa: E731

    assert update(renamed("b"), renamed("a")) == []


def test_validation_changes_nothing() -> None:
    before = configuration(GOOD)
    after = copy.deepcopy(before)

    WebhookConfigurationStrategy().validate(after)

    assert after == before
