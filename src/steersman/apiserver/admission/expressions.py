"""Expressions over a request: the variables that match conditions of webhooks know, and how they are evaluated.

To be imported only where there are expressions: the language takes long to load. Specified in "Dynamic Admission
Control", section "Matching requests: matchConditions".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from steersman.apimachinery.cel import (
    AUTHORIZER_TYPE,
    BOOL,
    DYN,
    KUBERNETES,
    RESOURCE_CHECK_TYPE,
    RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS,
    STRING,
    AuthorizerValue,
    Budget,
    CheckAttributes,
    CompileError,
    Decision,
    Environment,
    EvaluationError,
    Program,
    ResourceCheck,
    list_type,
    map_type,
    object_type,
)
from steersman.apiserver.admission.attributes import Attributes
from steersman.apiserver.authentication.user import ALL_AUTHENTICATED, UserInfo
from steersman.apiserver.authorization import Authorizer, Verdict
from steersman.apiserver.authorization import Decision as Opinion
from steersman.apiserver.request_info import RequestInfo

_KIND = object_type("kubernetes.GroupVersionKind", dict.fromkeys(("group", "version", "kind"), STRING))
_RESOURCE = object_type("kubernetes.GroupVersionResource", dict.fromkeys(("group", "version", "resource"), STRING))
_STRINGS = list_type(STRING)
_USER = object_type(
    "kubernetes.UserInfo",
    {"username": STRING, "uid": STRING, "groups": _STRINGS, "extra": map_type(STRING, _STRINGS)},
)
REQUEST_TYPE: Final = object_type(
    "kubernetes.AdmissionRequest",
    {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": STRING,
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": STRING,
        "name": STRING,
        "namespace": STRING,
        "operation": STRING,
        "userInfo": _USER,
        "dryRun": BOOL,
        "options": DYN,
    },
)
"""The variable ``request``: the AdmissionReview's, without its objects."""

ENVIRONMENT: Final = Environment(
    {
        "object": DYN,
        "oldObject": DYN,
        "namespaceObject": DYN,
        "request": REQUEST_TYPE,
        "authorizer": AUTHORIZER_TYPE,
        "authorizer.requestResource": RESOURCE_CHECK_TYPE,
    },
    KUBERNETES,
)


class RequestAuthorizer:
    """Answers an expression's checks for the user who makes the request, or a service account that it names."""

    def __init__(self, authorizer: Authorizer, user: UserInfo) -> None:
        self._authorizer, self._user = authorizer, user

    def check(self, attributes: CheckAttributes) -> Decision:
        """An authorizer that would have to wait is an error: an expression does not wait."""
        verdict = self._authorizer.authorize(self._who(attributes), _info(attributes))
        if not isinstance(verdict, Verdict):
            if (close := getattr(verdict, "close", None)) is not None:
                close()
            return Decision(False, error="the authorizer cannot answer at once")
        return Decision(verdict.decision is Opinion.ALLOW, verdict.reason)

    def _who(self, attributes: CheckAttributes) -> UserInfo:
        if attributes.service_account is None:
            return self._user
        namespace, name = attributes.service_account
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", ALL_AUTHENTICATED)
        return UserInfo(f"system:serviceaccount:{namespace}:{name}", groups=groups)


def _info(attributes: CheckAttributes) -> RequestInfo:
    if attributes.path:
        return RequestInfo(attributes.verb, attributes.path)
    return RequestInfo(
        attributes.verb,
        "",
        True,
        attributes.group,
        "*",
        attributes.namespace,
        attributes.resource,
        attributes.subresource,
        attributes.name,
    )


def compile_condition(expression: str) -> Program:
    """Raises ValueError with what is wrong, worded as kube-apiserver's validation does."""
    try:
        program = ENVIRONMENT.compile(expression)
    except CompileError as error:
        raise ValueError(f"compilation failed: {error}") from None
    if program.type != BOOL:
        raise ValueError(f"must evaluate to bool but got {program.type}")
    return program


def compile_conditions(conditions: Sequence[tuple[str, str]]) -> tuple[tuple[str, Program | str], ...]:
    """Pairs of name and expression to pairs of name and program; one that does not compile stands as why it does not.

    Such a one was stored when it still did.
    """
    return tuple((name, _program(expression)) for name, expression in conditions)


def _program(expression: str) -> Program | str:
    try:
        return compile_condition(expression)
    except ValueError as error:
        return str(error)


def evaluate(
    conditions: Sequence[tuple[str, Program | str]],
    attributes: Attributes,
    request: Mapping[str, Any],
    authorizer: Authorizer,
) -> tuple[bool, list[str]]:
    """Whether no condition is false, and why those that have no value have none.

    ``request`` is the AdmissionReview's, with its objects. All conditions share one cost budget.
    """
    variables = _variables(attributes, request, RequestAuthorizer(authorizer, attributes.user))
    budget, failures = Budget(RUNTIME_CEL_COST_BUDGET_MATCH_CONDITIONS), list[str]()
    for _, program in conditions:
        if isinstance(program, str):
            failures.append(program)
            continue
        try:
            if program.evaluate(variables, budget) is False:
                return False, []
        except EvaluationError as error:
            failures.append(f"expression '{program.source}' resulted in error: {error.message}")
    return True, failures


def _variables(attributes: Attributes, request: Mapping[str, Any], authorizer: RequestAuthorizer) -> dict[str, Any]:
    here = CheckAttributes(
        group=attributes.resource.group,
        resource=attributes.resource.plural,
        subresource=attributes.subresource,
        namespace=attributes.namespace,
        name=attributes.name,
    )
    return {
        "object": request.get("object"),
        "oldObject": request.get("oldObject"),
        "namespaceObject": None,
        "request": {key: value for key, value in request.items() if key not in ("uid", "object", "oldObject")},
        "authorizer": AuthorizerValue(authorizer),
        "authorizer.requestResource": ResourceCheck(authorizer, here),
    }
