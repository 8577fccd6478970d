from dataclasses import dataclass, field

import pytest

from steersman.apimachinery.cel import (
    AUTHORIZER_TYPE,
    AUTHORIZER_VARIABLE,
    KUBERNETES,
    REQUEST_RESOURCE_VARIABLE,
    RESOURCE_CHECK_TYPE,
    AuthorizerValue,
    CheckAttributes,
    CostLimitExceeded,
    Decision,
    Environment,
    EvaluationError,
    ResourceCheck,
)

ENVIRONMENT = Environment(
    {AUTHORIZER_VARIABLE: AUTHORIZER_TYPE, REQUEST_RESOURCE_VARIABLE: RESOURCE_CHECK_TYPE}, KUBERNETES
)


@dataclass
class Rules:
    """Allows ``get``, and remembers what it was asked."""

    asked: list[CheckAttributes] = field(default_factory=list)

    def check(self, attributes: CheckAttributes) -> Decision:
        self.asked.append(attributes)
        if attributes.verb == "break":
            return Decision(False, error="backend is down")
        return Decision(attributes.verb == "get", "because")


def evaluate(source: str, rules: Rules) -> object:
    request = ResourceCheck(rules, CheckAttributes(group="apps", resource="deployments", namespace="ns", name="web"))
    variables = {AUTHORIZER_VARIABLE: AuthorizerValue(rules), REQUEST_RESOURCE_VARIABLE: request}
    return ENVIRONMENT.compile(source).evaluate(variables)


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        (
            "authorizer.group('').resource('pods').namespace('x').check('get').allowed()",
            CheckAttributes("get", resource="pods", namespace="x"),
        ),
        (
            "authorizer.group('apps').resource('deployments').subresource('scale').name('web').check('get').allowed()",
            CheckAttributes("get", group="apps", resource="deployments", subresource="scale", name="web"),
        ),
        ("authorizer.path('/healthz').check('get').allowed()", CheckAttributes("get", path="/healthz")),
        (
            "authorizer.serviceAccount('ns', 'builder').group('').resource('pods').check('get').allowed()",
            CheckAttributes("get", resource="pods", service_account=("ns", "builder")),
        ),
        (
            "authorizer.requestResource.check('get').allowed()",
            CheckAttributes("get", group="apps", resource="deployments", namespace="ns", name="web"),
        ),
        (
            "authorizer.group('').resource('pods').fieldSelector('a=b').labelSelector('c in (d)').check('get')"
            ".reason() == 'because'",
            CheckAttributes("get", resource="pods", field_selector="a=b", label_selector="c in (d)"),
        ),
    ],
)
def test_a_check_asks_for_what_was_described(source: str, asked: CheckAttributes) -> None:
    rules = Rules()

    assert evaluate(source, rules) is True
    assert rules.asked == [asked]


def test_a_decision() -> None:
    assert evaluate("authorizer.path('/x').check('post').allowed()", Rules()) is False
    assert evaluate("authorizer.path('/x').check('break').errored()", Rules()) is True
    assert evaluate("authorizer.path('/x').check('break').error()", Rules()) == "backend is down"
    assert evaluate("authorizer.path('/x').check('get').error()", Rules()) == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("authorizer.path(' ').check('get').allowed()", "path must not be empty"),
        ("authorizer.group('').resource('').check('get').allowed()", "resource must not be empty"),
        ("authorizer.serviceAccount('ns', '-').path('/').check('get').allowed()", "Invalid service account name"),
        (
            "authorizer.serviceAccount('N', 'n').path('/').check('get').allowed()",
            "Invalid service account namespace",
        ),
    ],
)
def test_errors(source: str, message: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate(source, Rules())

    assert raised.value.message == message


def test_an_expression_can_pay_for_two_checks() -> None:
    check = "authorizer.path('/x').check('post').allowed()"

    assert evaluate(f"{check} || {check}", Rules()) is False
    with pytest.raises(CostLimitExceeded):
        evaluate(f"{check} || {check} || {check}", Rules())


def test_checks_cost_as_much_when_the_type_is_not_known() -> None:
    check = "dyn(authorizer).path('/x').check('post').allowed()"

    with pytest.raises(CostLimitExceeded):
        evaluate(f"{check} || {check} || {check}", Rules())
