"""What a ValidatingAdmissionPolicy in force does to requests."""

from typing import Any

import orjson
import pytest
from tests.admission.policy.serving import (
    DEPLOYMENTS,
    NAMESPACES,
    VALIDATING,
    VALIDATING_BINDING,
    Recorder,
    config_map,
    config_maps,
    rule,
    serving,
    validate,
)

from steersman.apimachinery.errors import ApiError

DENIED = "ValidatingAdmissionPolicy 'policy' with binding 'policy-binding' denied request: "


def denial(error: ApiError) -> str:
    """What a refusal says after the name of the object and of the policy."""
    return error.message.partition(DENIED)[2]


async def test_a_validation_that_is_false_refuses_and_says_which() -> None:
    async with serving() as client:
        await validate(client, "object.data.size() < 2")
        await config_maps(client).create(config_map("small", a="1"))

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map("large", a="1", b="2"))

    message = f"{DENIED}failed expression: object.data.size() < 2"
    assert refusal.value.message == f'configmaps "large" is forbidden: {message}'
    assert (refusal.value.code, refusal.value.reason) == (422, "Invalid")
    assert refusal.value.details == {"name": "large", "kind": "configmaps", "causes": [{"message": message}]}


@pytest.mark.parametrize(("reason", "code"), [("Forbidden", 403), ("Invalid", 422), ("RequestEntityTooLarge", 413)])
async def test_the_reason_of_a_validation_decides_the_code(reason: str, code: int) -> None:
    async with serving() as client:
        await validate(client, {"expression": "false", "message": "no", "reason": reason})

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map())

    assert (refusal.value.code, refusal.value.reason, denial(refusal.value)) == (code, reason, "no")


MESSAGES: tuple[tuple[dict[str, str], str], ...] = (
    ({"messageExpression": "'too ' + 'large'"}, "too large"),
    ({"messageExpression": "string(object.metadata.name)", "message": "unused"}, "x1"),
    ({"messageExpression": "'  padded  '"}, "padded"),
    ({"messageExpression": "'two\\nlines'", "message": " instead "}, "instead"),
    ({"messageExpression": "' '", "message": "instead"}, "instead"),
    ({"messageExpression": "object.data.missing + ''", "message": "instead"}, "instead"),
    ({"messageExpression": "object.data.missing + ''"}, "failed expression: false"),
    ({"messageExpression": f"'{'ä' * 2560}'"}, "ä" * 2560),
    ({"messageExpression": f"'{'ä' * 2560}.'", "message": "instead"}, "instead"),
    ({"message": "plain"}, "plain"),
    ({}, "failed expression: false"),
)


async def test_the_message_is_the_first_that_can_be_shown() -> None:
    shown = []
    async with serving() as client:
        for index, (validation, _) in enumerate(MESSAGES):
            rules = (rule(resourceNames=[f"x{index}"]),)
            await validate(client, {"expression": " false ", **validation}, name=f"p{index}", rules=rules)
            with pytest.raises(ApiError) as refusal:
                await config_maps(client).create(config_map(f"x{index}"))
            shown.append(refusal.value.message.partition("denied request: ")[2])

    assert shown == [message for _, message in MESSAGES]


SEEN = (
    "object.metadata.name == 'x' && object.kind == 'ConfigMap' && object.apiVersion == 'v1'",
    "oldObject == null",
    "request.operation == 'CREATE' && !request.dryRun",
    "request.kind.kind == 'ConfigMap' && request.kind.group == '' && request.requestKind.version == 'v1'",
    "request.resource.resource == 'configmaps' && request.requestResource.version == 'v1'",
    "request.name == 'x' && request.namespace == 'default' && !has(request.subResource)",
    "request.userInfo.username == 'system:apiserver' && 'system:masters' in request.userInfo.groups",
    "!has(request.userInfo.uid) && !has(request.userInfo.extra)",
    "request.options.kind == 'CreateOptions'",
    "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'",
    "namespaceObject.metadata.creationTimestamp < timestamp('9999-01-01T00:00:00Z')",
    "namespaceObject.metadata.UID != '' && namespaceObject.status.phase == 'Active'",
    "!has(namespaceObject.metadata.annotations)",
    "quantity(object.data.memory).isGreaterThan(quantity('1Mi'))",
    "object.data.?missing.orValue('none') == 'none'",
    "authorizer.group('').resource('pods').namespace('default').check('create').allowed()",
    "authorizer.requestResource.check('create').allowed()",
)


async def test_what_expressions_see_of_a_request() -> None:
    async with serving() as client:
        await validate(client, *SEEN)

        await config_maps(client).create(config_map(memory="1Gi"))


async def test_updates_and_deletions_are_seen_with_what_was_there() -> None:
    rules = (rule(operations=("UPDATE", "DELETE")),)
    update = "request.operation != 'UPDATE' || object.data.a >= oldObject.data.a"
    delete = "request.operation != 'DELETE' || (object == null && oldObject.data.a == '2')"
    async with serving() as client:
        await validate(client, update, delete, rules=rules)
        await config_maps(client).create(config_map(a="1"))

        with pytest.raises(ApiError, match=r"oldObject[.]data[.]a == '2'"):
            await config_maps(client).delete("x")
        await config_maps(client).update(config_map(a="2"))
        with pytest.raises(ApiError, match=r"object[.]data[.]a >= oldObject[.]data[.]a"):
            await config_maps(client).patch("x", {"data": {"a": "1"}})
        await config_maps(client).delete("x")


async def test_a_namespace_is_in_itself_and_has_no_namespace_object() -> None:
    expression = "namespaceObject == null && request.namespace == request.name"
    async with serving() as client:
        await validate(client, expression, rules=(rule("namespaces"),))

        await client.resource(NAMESPACES).create({"metadata": {"name": "team"}})
        await client.resource(NAMESPACES).patch("team", {"metadata": {"labels": {"a": "b"}}})


async def test_the_first_of_several_refusals_is_the_answer() -> None:
    async with serving() as client:
        await validate(client, "false", name="b")
        await validate(client, "object.data.size() == 0", {"expression": "false", "message": "second"}, name="a")

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map(a="1"))

    by = "ValidatingAdmissionPolicy 'a' with binding 'a-binding' denied request: "
    assert refusal.value.message.endswith(f"{by}failed expression: object.data.size() == 0")
    assert refusal.value.details is not None
    assert len(refusal.value.details["causes"]) == 1


async def test_variables_are_known_to_those_after_them_and_composed() -> None:
    variables = [
        {"name": "keys", "expression": "object.data.map(k, k)"},
        {"name": "joined", "expression": "variables.keys.join(',')"},
    ]
    async with serving() as client:
        await validate(
            client,
            {"expression": "variables.keys.size() < 2", "messageExpression": "'too many: ' + variables.joined"},
            variables=variables,
        )

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map(a="1", b="2"))

    assert denial(refusal.value) == "too many: a,b"


async def test_a_variable_that_fails_fails_what_uses_it() -> None:
    async with serving() as client:
        await validate(
            client,
            "object.data.a == '1' || variables.broken",
            variables=[{"name": "broken", "expression": "object.data.missing == ''"}],
        )
        await config_maps(client).create(config_map("fine", a="1"))

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map(a="2"))

    assert denial(refusal.value) == (
        "expression 'object.data.a == '1' || variables.broken' resulted in error: "
        'composited variable "broken" fails to evaluate: no such key: missing'
    )


MISSING = "object.data.{} == ''"
NO_KEY = "expression 'object.data.{0} == ''' resulted in error: no such key: {0}"


@pytest.mark.parametrize(
    ("conditions", "policy", "refused"),
    [
        (["true", "true"], "Fail", "failed expression: false"),
        (["true", "false"], "Fail", None),
        ([MISSING.format("b"), "false"], "Fail", None),
        ([MISSING.format("b"), "true"], "Fail", NO_KEY.format("b")),
        (
            [MISSING.format("b"), MISSING.format("c")],
            "Fail",
            f"[{NO_KEY.format('b')}, {NO_KEY.format('c')}]",
        ),
        ([MISSING.format("b"), "true"], "Ignore", None),
    ],
    ids=["all true", "one false", "false counts more than an error", "an error", "errors", "fails open"],
)
async def test_match_conditions_decide_whether_the_policy_is_asked(
    conditions: list[str], policy: str, refused: str | None
) -> None:
    listed = [{"name": f"c{index}", "expression": one} for index, one in enumerate(conditions)]
    async with serving() as client:
        await validate(client, "false", matchConditions=listed, failurePolicy=policy)
        try:
            await config_maps(client).create(config_map(a="1"))
            found = None
        except ApiError as error:
            found = denial(error)

    assert found == refused


@pytest.mark.parametrize(("policy", "refused"), [("Fail", True), ("Ignore", False)])
async def test_an_expression_without_a_value_refuses_unless_the_policy_fails_open(policy: str, refused: bool) -> None:
    async with serving() as client:
        await validate(client, "object.data.missing == 'x'", failurePolicy=policy)
        try:
            await config_maps(client).create(config_map(a="1"))
            found = None
        except ApiError as error:
            found = denial(error)

    assert found == (
        "expression 'object.data.missing == 'x'' resulted in error: no such key: missing" if refused else None
    )


async def test_an_expression_that_costs_too_much_is_an_error() -> None:
    many = {f"k{index}": "v" for index in range(120)}
    expression = "object.data.all(a, object.data.all(b, object.data.all(c, a != '' && b != '' && c != '')))"
    async with serving() as client:
        await validate(client, expression)

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map(**many))

    assert denial(refusal.value) == (
        f"expression '{expression}' resulted in error: operation cancelled: actual cost limit exceeded"
    )


async def test_validations_share_a_budget() -> None:
    many = {f"k{index}": "v" for index in range(60)}
    expression = "object.data.all(a, object.data.all(b, object.data.all(c, a != '')))"
    async with serving() as client:
        await validate(client, *[expression] * 20)

        with pytest.raises(ApiError) as refusal:
            await config_maps(client).create(config_map(**many))

    assert denial(refusal.value) == (
        "validation failed due to running out of cost budget, no further validation rules will be run"
    )


async def test_a_warning_lets_the_request_through() -> None:
    warnings: list[str] = []
    async with serving(warnings=warnings) as client:
        await validate(client, {"expression": "false", "message": "old"}, actions=("Warn",))

        await config_maps(client).create(config_map())

    assert warnings == ["Validation failed for ValidatingAdmissionPolicy 'policy' with binding 'policy-binding': old"]


async def test_failures_are_told_to_the_audit_log() -> None:
    recorder = Recorder()
    async with serving(recorder) as client:
        await validate(
            client, "true", {"expression": "false", "message": "old"}, actions=("Audit", "Warn"), name="audited"
        )

        await config_maps(client).create(config_map())

    annotation = recorder.annotations["validation.policy.admission.k8s.io/validation_failure"]
    assert orjson.loads(annotation) == [
        {
            "message": "old",
            "policy": "audited",
            "binding": "audited-binding",
            "expressionIndex": 1,
            "validationActions": ["Audit", "Warn"],
        }
    ]


async def test_the_audit_log_hears_of_fifty_failures() -> None:
    recorder = Recorder()
    async with serving(recorder) as client:
        await validate(client, *["false"] * 60, actions=("Audit",))

        await config_maps(client).create(config_map())

    annotation = recorder.annotations["validation.policy.admission.k8s.io/validation_failure"]
    assert [failure["expressionIndex"] for failure in orjson.loads(annotation)] == list(range(50))


async def test_audit_annotations_are_published_under_the_name_of_the_policy() -> None:
    recorder = Recorder()
    annotations = [
        {"key": "size", "valueExpression": "'size is ' + string(object.data.size())"},
        {"key": "blank", "valueExpression": "' '"},
        {"key": "nothing", "valueExpression": "null"},
        {"key": "long", "valueExpression": "object.data.long"},
    ]
    annotations[3]["valueExpression"] = "string(object.data.long)"
    async with serving(recorder) as client:
        await validate(client, auditAnnotations=annotations)

        await config_maps(client).create(config_map(long="x" * 11_000))

    assert recorder.annotations.pop("policy/long") == "x" * 10_240
    assert recorder.annotations == {"policy/size": "size is 1"}


@pytest.mark.parametrize(("policy", "refused"), [("Fail", True), ("Ignore", False)])
async def test_an_audit_annotation_without_a_value_refuses_unless_the_policy_fails_open(
    policy: str, refused: bool
) -> None:
    annotations = [{"key": "a", "valueExpression": "string(object.data.missing)"}]
    async with serving() as client:
        await validate(client, auditAnnotations=annotations, failurePolicy=policy, actions=("Warn",))
        try:
            await config_maps(client).create(config_map(a="1"))
            found = None
        except ApiError as error:
            found = denial(error)

    wanted = "expression 'string(object.data.missing)' resulted in error: no such key: missing"
    assert found == (wanted if refused else None)


async def test_a_policy_without_a_binding_does_nothing_and_a_change_counts_at_once() -> None:
    policy: Any = {
        "metadata": {"name": "policy"},
        "spec": {"matchConstraints": {"resourceRules": [rule()]}, "validations": [{"expression": "false"}]},
    }
    bound = {"metadata": {"name": "policy-binding"}, "spec": {"policyName": "policy", "validationActions": ["Deny"]}}
    async with serving() as client:
        policies, bindings = client.resource(VALIDATING), client.resource(VALIDATING_BINDING)
        await policies.create(policy)
        await config_maps(client).create(config_map("unbound"))
        await bindings.create(bound)
        with pytest.raises(ApiError, match="failed expression: false"):
            await config_maps(client).create(config_map("bound"))
        await policies.patch("policy", {"spec": {"validations": [{"expression": "object.metadata.name == 'changed'"}]}})
        await config_maps(client).create(config_map("changed"))
        with pytest.raises(ApiError, match="failed expression: object"):
            await config_maps(client).create(config_map("other"))
        await bindings.delete("policy-binding")
        await config_maps(client).create(config_map("other"))
        await bindings.create(bound)
        await policies.delete("policy")
        await config_maps(client).create(config_map("free"))


async def test_policies_are_not_asked_about_policies() -> None:
    rules = ({**rule("*", group="*"), "operations": ["*"]},)
    async with serving() as client:
        await validate(client, "false", rules=rules)

        with pytest.raises(ApiError, match="failed expression"):
            await config_maps(client).create(config_map())
        await client.resource(VALIDATING_BINDING).delete("policy-binding")
        await client.resource(VALIDATING).delete("policy")


async def test_a_dry_run_is_validated_too() -> None:
    async with serving() as client:
        await validate(client, "!request.dryRun")

        with pytest.raises(ApiError, match=r"!request[.]dryRun"):
            await config_maps(client).create(config_map(), dry_run=True)


async def test_a_subresource_is_seen_as_its_own_kind() -> None:
    deployment = {
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "w", "image": "w"}]}},
        },
    }
    expression = "object.kind == 'Scale' && request.kind.kind == 'Scale' && object.spec.replicas <= 3"
    async with serving() as client:
        await validate(client, expression, rules=(rule("deployments/scale", group="apps", operations=("UPDATE",)),))
        deployments = client.resource(DEPLOYMENTS)
        await deployments.create(deployment)

        await deployments.set_scale("web", 3)
        with pytest.raises(ApiError, match=r"object[.]spec[.]replicas <= 3"):
            await deployments.set_scale("web", 4)
        await deployments.patch("web", {"spec": {"replicas": 5}})
