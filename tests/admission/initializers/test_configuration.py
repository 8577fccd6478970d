from typing import Any

import pytest

from steersman.admission.initializers.configuration import (
    InitializerConfigurationStrategy,
    Policy,
    ServiceAccount,
    compile_index,
)
from steersman.apimachinery.group_version import GroupVersionResource

DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
PODS = GroupVersionResource("", "v1", "pods")


def rule(groups: list[str], versions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"apiGroups": groups, "apiVersions": versions, "resources": resources}


EVERYTHING = rule(["*"], ["*"], ["*"])


def configuration(name: str, *initializers: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name}, "initializers": list(initializers)}


def names(resource: GroupVersionResource, *configurations: dict[str, Any]) -> list[str]:
    return [one.name for one in compile_index(configurations).of(resource)]


@pytest.mark.parametrize(
    ("rules", "matches"),
    [
        ([], False),
        ([EVERYTHING], True),
        ([rule(["apps"], ["v1"], ["deployments"])], True),
        ([rule(["apps"], ["v1beta1"], ["deployments"])], False),
        ([rule(["extensions"], ["*"], ["*"])], False),
        ([rule(["apps"], ["*"], ["deployments/status", "*/*"])], False),
        ([rule(["apps"], ["*"], ["statefulsets", "deployments"])], True),
        ([rule([""], ["v1"], ["pods"]), rule(["apps"], ["v1"], ["deployments"])], True),
    ],
)
def test_one_rule_that_matches_is_enough(rules: list[dict[str, Any]], matches: bool) -> None:
    found = names(DEPLOYMENTS, configuration("x", {"name": "a.example.com", "rules": rules}))

    assert found == (["a.example.com"] if matches else [])


def test_configurations_come_in_the_order_of_their_names_and_initializers_in_that_of_the_list() -> None:
    first = configuration(
        "10-first", {"name": "z.example.com", "rules": [EVERYTHING]}, {"name": "y.example.com", "rules": [EVERYTHING]}
    )
    second = configuration("20-second", {"name": "a.example.com", "rules": [EVERYTHING]})

    assert (
        names(PODS, second, first) == names(PODS, first, second) == ["z.example.com", "y.example.com", "a.example.com"]
    )


def test_a_name_that_stands_twice_counts_where_it_stands_first() -> None:
    first = configuration(
        "a", {"name": "x.example.com", "rules": [EVERYTHING], "timeoutSeconds": 3, "failurePolicy": "Ignore"}
    )
    again = configuration("b", {"name": "x.example.com", "rules": [EVERYTHING]})

    assert [one.policy for one in compile_index([again, first]).of(PODS)] == [Policy(3, "Ignore")]


def test_everything_that_an_initializer_may_say() -> None:
    said = {
        "name": "x.example.com",
        "rules": [EVERYTHING],
        "timeoutSeconds": 3,
        "failurePolicy": "Fail",
        "commutes": True,
        "serviceAccount": {"namespace": "kube-system", "name": "x"},
    }

    (found,) = compile_index([configuration("a", said)]).of(PODS)

    assert (found.policy, found.commutes, found.service_account) == (
        Policy(3, "Fail"),
        True,
        ServiceAccount("kube-system", "x"),
    )
    assert found.pending.value() == {
        "name": "x.example.com",
        "commutes": True,
        "failurePolicy": "Fail",
        "timeoutSeconds": 3,
    }


NAME = {"name": "a.example.com"}


@pytest.mark.parametrize(
    ("initializer", "errors"),
    [
        (NAME, []),
        ({**NAME, "rules": [EVERYTHING]}, []),
        (
            {"name": "k8s.io"},
            [
                'initializers[0].name: Invalid value: "k8s.io": '
                "should be a domain with at least three segments separated by dots"
            ],
        ),
        ({"name": ""}, ["initializers[0].name: Required value"]),
        (
            {**NAME, "rules": [{}]},
            [
                f"initializers[0].rules[0].{field}: Required value"
                for field in ("apiGroups", "apiVersions", "resources")
            ],
        ),
        (
            {**NAME, "rules": [rule(["a", "*"], ["*", "v1"], ["*", "a"])]},
            [
                'initializers[0].rules[0].apiGroups: Invalid value: ["a","*"]: '
                "if '*' is present, must not specify other API groups",
                'initializers[0].rules[0].apiVersions: Invalid value: ["*","v1"]: '
                "if '*' is present, must not specify other API versions",
                'initializers[0].rules[0].resources: Invalid value: ["*","a"]: '
                "if '*' is present, must not specify other resources",
            ],
        ),
        ({**NAME, "rules": [rule([""], ["v1"], ["a"])]}, []),
        (
            {**NAME, "rules": [rule([""], [""], [""])]},
            [
                "initializers[0].rules[0].apiVersions[0]: Required value",
                "initializers[0].rules[0].resources[0]: Required value",
            ],
        ),
        (
            {**NAME, "rules": [rule([""], ["v1"], ["pods/status"])]},
            ['initializers[0].rules[0].resources[0]: Invalid value: "pods/status": must not specify subresources'],
        ),
        (
            {**NAME, "failurePolicy": "Retry"},
            ['initializers[0].failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"'],
        ),
        ({**NAME, "timeoutSeconds": 0}, ["initializers[0].timeoutSeconds: Invalid value: 0: must be greater than 0"]),
        (
            {**NAME, "serviceAccount": {"namespace": "x", "name": ""}},
            ["initializers[0].serviceAccount.name: Required value"],
        ),
    ],
)
def test_what_is_wrong_is_said_as_upstream_says_it(initializer: dict[str, Any], errors: list[str]) -> None:
    strategy = InitializerConfigurationStrategy()
    obj = configuration("x", initializer)

    assert [str(error) for error in strategy.validate(obj)] == errors
    assert [str(error) for error in strategy.validate_update(obj, configuration("x"))] == errors


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({}, {}),
        ({"timeoutSeconds": 3}, {"timeoutSeconds": 3, "failurePolicy": "Fail"}),
        ({"failurePolicy": "Ignore"}, {"timeoutSeconds": 10, "failurePolicy": "Ignore"}),
    ],
)
def test_of_time_out_and_policy_one_alone_asks_for_the_other(said: dict[str, Any], stored: dict[str, Any]) -> None:
    obj = configuration("x", {**NAME, **said})

    InitializerConfigurationStrategy().complete(obj)

    assert obj["initializers"] == [{**NAME, **stored}]
