import copy
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apis.admission_policies import GROUP, AdmissionPolicyStrategy

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}
MATCH: dict[str, Any] = {
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "resourceRules": [RULE],
}
OBJECTS: dict[str, Any] = {
    "ValidatingAdmissionPolicy": {
        "failurePolicy": "Fail",
        "matchConstraints": MATCH,
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConditions": [{"name": "a", "expression": "request.operation == 'CREATE' && params != null"}],
        "variables": [
            {"name": "names", "expression": "object.spec.containers.map(c, string(c.name))"},
            {"name": "first", "expression": "variables.names[0]"},
        ],
        "validations": [
            {
                "expression": "variables.first == 'a' || authorizer.group('').resource('x').check('y').allowed()",
                "messageExpression": "'not ' + variables.first",
                "message": "no",
                "reason": "Forbidden",
            }
        ],
        "auditAnnotations": [{"key": "k", "valueExpression": "variables.first"}],
    },
    "ValidatingAdmissionPolicyBinding": {
        "policyName": "policy",
        "paramRef": {"name": "x", "parameterNotFoundAction": "Deny"},
        "matchResources": MATCH,
        "validationActions": ["Deny", "Audit"],
    },
    "MutatingAdmissionPolicy": {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": MATCH,
        "variables": [{"name": "a", "expression": "'b'"}],
        "mutations": [
            {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}},
            {
                "patchType": "JSONPatch",
                "jsonPatch": {"expression": "[JSONPatch{op: 'add', path: '/a', value: variables.a}]"},
            },
        ],
    },
    "MutatingAdmissionPolicyBinding": {"policyName": "policy", "matchResources": MATCH},
}
VAP, VAP_BINDING, MAP, MAP_BINDING = OBJECTS
REMOVED = object()


def written(kind: str, version: str = "v1", **changes: Any) -> Any:
    """An object of a kind that is valid, with members changed, by path: ``matchConstraints__matchPolicy``."""
    spec = copy.deepcopy(OBJECTS[kind])
    for path, value in changes.items():
        *parents, last = path.split("__")
        node = spec
        for one in parents:
            node = node[int(one) if one.isdecimal() else one]
        if value is REMOVED:
            del node[last]
        else:
            node[int(last) if last.isdecimal() else last] = value
    return {"apiVersion": f"{GROUP}/{version}", "kind": kind, "metadata": {"name": "x"}, "spec": spec}


def problems(kind: str, obj: Any) -> list[str]:
    return [str(error) for error in AdmissionPolicyStrategy(GroupKind(GROUP, kind), True).validate(obj)]


@pytest.mark.parametrize("kind", OBJECTS)
def test_what_is_well_written_passes(kind: str) -> None:
    assert problems(kind, written(kind)) == []


EXPRESSION = "spec.validations[0].expression"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        (VAP, {"failurePolicy": REMOVED}, ["spec.failurePolicy: Required value"]),
        (
            VAP,
            {"failurePolicy": "Maybe"},
            ['spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"'],
        ),
        (VAP, {"paramKind": {"kind": "X"}}, ["spec.paramKind.apiVersion: Required value"]),
        (
            VAP,
            {"paramKind": {"apiVersion": "a/b/c", "kind": "X"}},
            ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
        ),
        (
            VAP,
            {"paramKind": {"apiVersion": "a/", "kind": "X"}},
            ['spec.paramKind.apiVersion: Invalid value: "a/": version must be specified'],
        ),
        (VAP, {"paramKind": {"apiVersion": "v1"}}, ["spec.paramKind.kind: Required value"]),
        (VAP, {"matchConstraints": REMOVED}, ["spec.matchConstraints: Required value"]),
        (
            VAP,
            {"matchConstraints__resourceRules": []},
            ["spec.matchConstraints.resourceRules: Required value"],
        ),
        (
            VAP,
            {"matchConstraints__matchPolicy": "Fuzzy"},
            ['spec.matchConstraints.matchPolicy: Unsupported value: "Fuzzy": supported values: "Equivalent", "Exact"'],
        ),
        (
            VAP,
            {"matchConstraints__namespaceSelector": REMOVED},
            ["spec.matchConstraints.namespaceSelector: Required value"],
        ),
        (
            VAP,
            {"matchConstraints__objectSelector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}},
            [
                'spec.matchConstraints.objectSelector.matchExpressions[0].operator: Invalid value: "Near":'
                " not a valid selector operator"
            ],
        ),
        (
            VAP,
            {"matchConstraints__resourceRules": [{**RULE, "resourceNames": ["a", "a", "b/c"]}]},
            [
                'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
                "spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: \"b/c\": may not contain '/'",
            ],
        ),
        (
            VAP,
            {"matchConstraints__excludeResourceRules": [{**RULE, "operations": ["CREATE", "*"]}]},
            [
                'spec.matchConstraints.excludeResourceRules[0].operations: Invalid value: ["CREATE","*"]:'
                " if '*' is present, must not specify other operations"
            ],
        ),
        (
            VAP,
            {"matchConditions": [{"name": "a", "expression": "true"}, {"name": "a", "expression": " "}]},
            [
                "spec.matchConditions[1].expression: Required value",
                'spec.matchConditions[1].name: Duplicate value: "a"',
            ],
        ),
        (
            VAP,
            {"matchConditions": [{"name": "", "expression": "variables.first == ''"}]},
            [
                "spec.matchConditions[0].expression: Invalid value: \"variables.first == ''\": compilation failed: "
                "ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')"
                "\n | variables.first == ''\n | ^",
                "spec.matchConditions[0].name: Required value",
            ],
        ),
        (
            VAP,
            {"matchConditions": [{"name": str(number), "expression": "true"} for number in range(65)]},
            ["spec.matchConditions: Too many: 65: must have at most 64 items"],
        ),
        (
            VAP,
            {"variables__0__name": "for"},
            [
                'spec.variables[0].name: Invalid value: "for": name is not a valid CEL identifier',
                'spec.variables[1].expression: Invalid value: "variables.names[0]": compilation failed: '
                "ERROR: <input>:1:10: undefined field 'names'\n | variables.names[0]\n | .........^",
                'spec.auditAnnotations[0].valueExpression: Invalid value: "variables.first":'
                " must evaluate to one of [string null_type] but got dyn",
            ],
        ),
        (
            VAP,
            {"variables__1": {"name": " ", "expression": ""}, "validations": [{"expression": "true"}]},
            [
                "spec.variables[1].name: Required value: name is not specified",
                "spec.variables[1].expression: Required value: expression is not specified",
                'spec.auditAnnotations[0].valueExpression: Invalid value: "variables.first": compilation failed: '
                "ERROR: <input>:1:10: undefined field 'first'\n | variables.first\n | .........^",
            ],
        ),
        (
            VAP,
            {"validations": [], "auditAnnotations": REMOVED},
            [
                "spec.validations: Required value: validations or auditAnnotations must contain at least one item",
                "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
            ],
        ),
        (VAP, {"validations": [{"expression": " "}]}, [f"{EXPRESSION}: Required value: expression is not specified"]),
        (
            VAP,
            {"validations": [{"expression": "object.spec"}]},
            [f'{EXPRESSION}: Invalid value: "object.spec": must evaluate to bool but got dyn'],
        ),
        (
            VAP,
            {"validations": [{"expression": "true\n  && 1"}]},
            [
                f'{EXPRESSION}: Invalid value: "true\\n  && 1": compilation failed: ERROR: <input>:2:3: found no '
                "matching overload for '_&&_' applied to '(bool, int)'\n |   && 1\n | ..^"
            ],
        ),
        (
            VAP,
            {"validations": [{"expression": "request.user == ''"}]},
            [
                f"{EXPRESSION}: Invalid value: \"request.user == ''\": compilation failed: ERROR: <input>:1:8: "
                "undefined field 'user'\n | request.user == ''\n | .......^"
            ],
        ),
        (
            VAP,
            {"validations__0__messageExpression": "1"},
            ['spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int'],
        ),
        (
            VAP,
            {"validations__0__messageExpression": " "},
            ['spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified'],
        ),
        (
            VAP,
            {"validations__0__messageExpression": "string(authorizer.path('/x').check('get').allowed())"},
            [
                "spec.validations[0].messageExpression: Invalid value: \"string(authorizer.path('/x').check('get')"
                ".allowed())\": compilation failed: ERROR: <input>:1:8: undeclared reference to 'authorizer' (in "
                "container '')\n | string(authorizer.path('/x').check('get').allowed())\n | .......^"
            ],
        ),
        (
            VAP,
            {"validations__0__message": " "},
            ['spec.validations[0].message: Invalid value: " ": message must be non-empty if specified'],
        ),
        (
            VAP,
            {"validations__0__message": "a\nb"},
            ['spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks'],
        ),
        (
            VAP,
            {"validations__0__reason": "Conflict"},
            [
                'spec.validations[0].reason: Unsupported value: "Conflict": supported values: "Forbidden", "Invalid",'
                ' "RequestEntityTooLarge"'
            ],
        ),
        (
            VAP,
            {"auditAnnotations": [{"key": "a", "valueExpression": "1"}, {"key": "a", "valueExpression": " "}]},
            [
                'spec.auditAnnotations[0].valueExpression: Invalid value: "1":'
                " must evaluate to one of [string null_type] but got int",
                "spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified",
                'spec.auditAnnotations[1].key: Duplicate value: "a"',
            ],
        ),
        (
            VAP,
            {"auditAnnotations": [{"key": "a", "valueExpression": f"'{'x' * 5200}'"}]},
            ["spec.auditAnnotations[0].valueExpression: Required value: must not exceed 5120 bytes in length"],
        ),
        (VAP_BINDING, {"policyName": ""}, ["spec.policyName: Required value"]),
        (VAP_BINDING, {"policyName": "A"}, [f'spec.policyName: Invalid value: "A": {SUBDOMAIN}']),
        (
            VAP_BINDING,
            {"validationActions": []},
            ["spec.validationActions: Required value: at least one validation action is required"],
        ),
        (
            VAP_BINDING,
            {"validationActions": ["Deny", "Warn"]},
            [
                'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating'
                " the same validation failure information in the API response and headers serves no purpose)"
            ],
        ),
        (
            VAP_BINDING,
            {"validationActions": ["Deny", "Deny", "Log"]},
            [
                'spec.validationActions[1]: Duplicate value: "Deny"',
                'spec.validationActions[2]: Unsupported value: "Log": supported values: "Audit", "Deny", "Warn"',
            ],
        ),
        (
            VAP_BINDING,
            {"paramRef": {"parameterNotFoundAction": "Deny"}},
            ["spec.paramRef: Required value: one of name or selector must be specified"],
        ),
        (
            VAP_BINDING,
            {"paramRef__selector": {}},
            [
                "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
                "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
            ],
        ),
        (
            VAP_BINDING,
            {"paramRef": {"name": "x"}},
            ["spec.paramRef.parameterNotFoundAction: Required value"],
        ),
        (
            VAP_BINDING,
            {"paramRef__parameterNotFoundAction": "Ask"},
            ['spec.paramRef.parameterNotFoundAction: Unsupported value: "Ask": supported values: "Deny", "Allow"'],
        ),
        (
            VAP_BINDING,
            {"matchResources__matchPolicy": REMOVED},
            ["spec.matchResources.matchPolicy: Required value"],
        ),
        (MAP, {"mutations": []}, ["spec.mutations: Required value: mutations must contain at least one item"]),
        (MAP, {"reinvocationPolicy": REMOVED}, ["spec.reinvocationPolicy: Required value"]),
        (
            MAP,
            {"matchConstraints__resourceRules": [{**RULE, "operations": ["DELETE"]}]},
            [
                'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE":'
                ' supported values: "*", "CONNECT", "CREATE", "UPDATE"'
            ],
        ),
        (MAP, {"mutations": [{}]}, ["spec.mutations[0].patchType: Required value"]),
        (
            MAP,
            {"mutations": [{"patchType": "Merge"}]},
            [
                'spec.mutations[0].patchType: Unsupported value: "Merge":'
                ' supported values: "ApplyConfiguration", "JSONPatch"'
            ],
        ),
        (
            MAP,
            {"mutations__0": {"patchType": "JSONPatch", "applyConfiguration": {"expression": "Object{}"}}},
            [
                "spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch",
                'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}":'
                " must not be specified when patchType is JSONPatch",
            ],
        ),
        (
            MAP,
            {"mutations__0__applyConfiguration__expression": ""},
            ["spec.mutations[0].applyConfiguration.expression: Required value"],
        ),
        (
            MAP,
            {"mutations__0__applyConfiguration__expression": "{'a': 'b'}"},
            [
                "spec.mutations[0].applyConfiguration.expression: Invalid value: \"{'a': 'b'}\":"
                " must evaluate to Object but got map(string, string)"
            ],
        ),
        (
            MAP,
            {"mutations__1__jsonPatch__expression": "[Object{}]"},
            [
                'spec.mutations[1].jsonPatch.expression: Invalid value: "[Object{}]":'
                " must evaluate to list(JSONPatch) but got list(Object)"
            ],
        ),
        (
            MAP_BINDING,
            {"matchResources__resourceRules": [{**RULE, "operations": ["DELETE"]}]},
            [
                'spec.matchResources.resourceRules.operations: Unsupported value: "DELETE":'
                ' supported values: "*", "CONNECT", "CREATE", "UPDATE"'
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_by_field(kind: str, changes: dict[str, Any], expected: list[str]) -> None:
    assert problems(kind, written(kind, **changes)) == expected


def test_an_audit_annotation_needs_the_name_of_its_policy() -> None:
    policy = written(VAP)
    policy["metadata"] = {}

    assert problems(VAP, policy) == [
        'spec.auditAnnotations[0].key: Invalid value: "k": requires metadata.name be non-empty'
    ]


def test_the_first_minor_had_neither_actions_nor_a_choice_for_missing_parameters() -> None:
    binding = written(VAP_BINDING, "v1alpha1", validationActions=REMOVED, paramRef={"name": "x"})

    assert problems(VAP_BINDING, binding) == []


def test_what_was_stored_may_stay() -> None:
    strategy = AdmissionPolicyStrategy(GroupKind(GROUP, VAP), True)
    broken = written(VAP, matchConditions=[{"name": "a", "expression": "gone()"}])
    annotated = {**broken, "metadata": {"name": "x", "annotations": {"a": "b"}}}
    changed = written(VAP, matchConditions=[{"name": "a", "expression": "gone()"}], failurePolicy="Ignore")
    other = written(VAP, matchConditions=[{"name": "a", "expression": "missing()"}])

    assert strategy.validate_update(annotated, broken) == []
    assert strategy.validate_update(changed, broken) == []
    assert [error.field for error in strategy.validate_update(other, broken)] == ["spec.matchConditions[0].expression"]


def test_warnings_in_the_status_have_a_place_and_a_text() -> None:
    strategy = AdmissionPolicyStrategy(GroupKind(GROUP, VAP), True)
    policy = written(VAP)
    checked = {**policy, "status": {"typeChecking": {"expressionWarnings": [{"fieldRef": " ", "warning": "w"}, {}]}}}

    assert [str(error) for error in strategy.validate_update(checked, policy)] == [
        "status.typeChecking.expressionWarnings[0].fieldRef: Required value",
        "status.typeChecking.expressionWarnings[1].warning: Required value",
        "status.typeChecking.expressionWarnings[1].fieldRef: Required value",
    ]
