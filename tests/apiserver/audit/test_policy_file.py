"""Audit policy files: what they say, and what is told of those that cannot be."""

from pathlib import Path

import pytest

from steersman.apiserver.audit.policy import AuditPolicy, AuditRule, GroupResources, Level
from steersman.apiserver.audit.policy_file import load_policy
from steersman.apiserver.configuration_file import MAX_BYTES

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"


def written(directory: Path, text: str) -> Path:
    path = directory / "policy.yaml"
    path.write_text(text)
    return path


def refusal(directory: Path, text: str) -> str:
    path = written(directory, text)
    with pytest.raises(ValueError, match="policy") as refused:
        load_policy(path)
    told = str(refused.value)
    assert told.startswith(f"{path}: ")
    assert "\n" not in told
    return told.removeprefix(f"{path}: ")


def test_every_field(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEAD
        + """
metadata: {name: mine}
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: None
  users: ["system:kube-proxy"]
  userGroups: ["system:nodes"]
  verbs: [watch]
  resources:
  - group: ""
    resources: [endpoints, services/status]
    resourceNames: [kube-dns]
  - group: apps
  namespaces: [kube-system, ""]
  omitStages: [ResponseStarted, ResponseComplete, Panic]
  omitManagedFields: false
- level: Request
  nonResourceURLs: ["/api*", "*"]
- level: RequestResponse
- level: Metadata
""",
    )
    assert load_policy(path) == AuditPolicy(
        (
            AuditRule(
                Level.NONE,
                users=("system:kube-proxy",),
                user_groups=("system:nodes",),
                verbs=("watch",),
                resources=(
                    GroupResources("", ("endpoints", "services/status"), ("kube-dns",)),
                    GroupResources("apps"),
                ),
                namespaces=("kube-system", ""),
                omit_stages=("ResponseStarted", "ResponseComplete", "Panic"),
                omit_managed_fields=False,
            ),
            AuditRule(Level.REQUEST, non_resource_urls=("/api*", "*")),
            AuditRule(Level.REQUEST_RESPONSE),
            AuditRule(Level.METADATA),
        ),
        omit_stages=("RequestReceived",),
        omit_managed_fields=True,
    )


def test_json_is_read_too(tmp_path: Path) -> None:
    path = written(tmp_path, '{"kind":"Policy","apiVersion":"audit.k8s.io/v1","rules":[{"level":"Metadata"}]}')

    assert load_policy(path) == AuditPolicy((AuditRule(Level.METADATA),))


def test_unknown_fields_are_told_of_and_do_not_count(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(
        tmp_path, f"{HEAD}rules: [{{level: None, resource: [pods], resources: [{{groups: x}}]}}]\nextra: 1\n"
    )

    assert load_policy(path).rules == (AuditRule(Level.NONE, resources=(GroupResources(),)),)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        "extra",
        "rules[0].resource",
        "rules[0].resources[0].groups",
    ]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("[]", "rules: Required value: a policy needs at least one rule"),
        ("[{}]", "rules[0].level: Required value"),
        (
            "[{level: metadata}]",
            'rules[0].level: Unsupported value: "metadata": supported values: '
            '"None", "Metadata", "Request", "RequestResponse"',
        ),
        (
            "[{level: None}, {level: None, nonResourceURLs: [version]}]",
            'rules[1].nonResourceURLs[0]: Invalid value: "version": '
            "non-resource URL rules must begin with a '/' character",
        ),
        (
            '[{level: None, nonResourceURLs: ["/a*/b"]}]',
            'rules[0].nonResourceURLs[0]: Invalid value: "/a*/b": '
            "non-resource URL wildcards '*' must be the final character of the rule",
        ),
        (
            "[{level: None, nonResourceURLs: [/a], namespaces: [b]}]",
            'rules[0].nonResourceURLs: Invalid value: ["/a"]: '
            "rules cannot apply to both regular resources and non-resource URLs",
        ),
        (
            "[{level: None, resources: [{group: rbac.authorization.k8s.io/v1}]}]",
            'rules[0].resources[0].group: Invalid value: "rbac.authorization.k8s.io/v1": a lowercase RFC 1123',
        ),
        (
            "[{level: None, resources: [{resourceNames: [a]}]}]",
            'rules[0].resources[0].resourceNames: Invalid value: ["a"]: '
            "using resourceNames requires at least one resource",
        ),
        (
            "[{level: None, omitStages: [Started]}]",
            'rules[0].omitStages[0]: Invalid value: "Started": '
            "allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic",
        ),
        ("[{level: 1}]", "rules[0].level: Invalid value: 1: must be a string"),
        ("[{level: None, users: jane}]", 'rules[0].users: Invalid value: "jane": must be a list of strings'),
        ("[{level: None, omitManagedFields: x}]", 'rules[0].omitManagedFields: Invalid value: "x": must be a boolean'),
        ("[a]", 'rules[0]: Invalid value: "a": must be an object'),
        ("{}", "rules: Invalid value: {}: must be a list"),
        ("[{level: x}, {}]", "[rules[0].level: Unsupported value: "),
    ],
)
def test_rules_that_cannot_be(tmp_path: Path, rules: str, told: str) -> None:
    assert refusal(tmp_path, f"{HEAD}rules: {rules}\n").startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "kind: must be a Policy of apiVersion audit.k8s.io/v1"),
        ("- a", "kind: must be a Policy of apiVersion audit.k8s.io/v1"),
        ("kind: Policy\napiVersion: audit.k8s.io/v1beta1\n", "kind: must be a Policy of apiVersion audit.k8s.io/v1"),
        ("a: [", "error converting YAML to JSON: yaml: "),
        (HEAD + "omitStages: [x]\nrules: [{level: None}]\n", 'omitStages[0]: Invalid value: "x": allowed stages are '),
        ("#" * (MAX_BYTES + 1), f"longer than {MAX_BYTES} bytes"),
    ],
)
def test_documents_that_cannot_be(tmp_path: Path, text: str, told: str) -> None:
    assert refusal(tmp_path, text).startswith(told)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file or directory"):
        load_policy(tmp_path / "missing")
