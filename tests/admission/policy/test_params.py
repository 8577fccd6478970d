"""Parameters: the objects that a binding gives to its policy."""

from typing import Any

import pytest
from tests.admission.policy.serving import (
    LIMITS,
    NAMESPACES,
    PRIORITY_CLASSES,
    VALIDATING_BINDING,
    config_map,
    config_maps,
    define_limits,
    rule,
    serving,
    undefine_limits,
    validate,
)

from steersman.apimachinery.errors import ApiError
from steersman.client import Client

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}
LIMIT = {"apiVersion": "example.com/v1", "kind": "Limit"}
ONLY_X = (rule(resourceNames=["x"]),)
"""The parameters themselves are config maps too: the policy is not for them."""
BELOW_MAX = "object.data.size() <= int(params.data.max)"
DENIED = "ValidatingAdmissionPolicy 'policy' with binding 'policy-binding' denied request: "


async def refusal(client: Client, obj: dict[str, Any]) -> str:
    """Why an object is refused, empty if it is not; it is there under no name afterwards."""
    try:
        await config_maps(client).create(obj, dry_run=True)
    except ApiError as error:
        return error.message.partition("denied request: ")[2] or error.message
    return ""


def reference(name: str = "limits", action: str = "Deny", **more: Any) -> dict[str, Any]:
    return {"paramRef": {**({"name": name} if name else {}), "parameterNotFoundAction": action, **more}}


def selected(action: str = "Deny", **labels: str) -> dict[str, Any]:
    return reference("", action, selector={"matchLabels": labels})


async def test_a_config_map_of_the_objects_own_namespace() -> None:
    async with serving() as client:
        await client.resource(NAMESPACES).create({"metadata": {"name": "team"}})
        await validate(client, BELOW_MAX, paramKind=CONFIG_MAP, binding=reference(), rules=ONLY_X)
        await config_maps(client).create(config_map("limits", max="1"))
        await config_maps(client).create({"metadata": {"name": "limits", "namespace": "team"}, "data": {"max": "2"}})
        large = config_map(a="1", b="2")

        assert await refusal(client, config_map(a="1")) == ""
        assert await refusal(client, large) == f"failed expression: {BELOW_MAX}"
        assert await refusal(client, {**large, "metadata": {"name": "x", "namespace": "team"}}) == ""


async def test_a_change_of_the_parameters_counts_at_once() -> None:
    async with serving() as client:
        await validate(client, BELOW_MAX, paramKind=CONFIG_MAP, binding=reference(), rules=ONLY_X)
        await config_maps(client).create(config_map("limits", max="1"))
        assert await refusal(client, config_map(a="1", b="2"))
        await config_maps(client).update(config_map("limits", max="2"))
        assert not await refusal(client, config_map(a="1", b="2"))


async def test_a_namespace_can_be_named() -> None:
    binding = reference(namespace="default")
    async with serving() as client:
        await client.resource(NAMESPACES).create({"metadata": {"name": "team"}})
        await validate(client, BELOW_MAX, paramKind=CONFIG_MAP, binding=binding, rules=ONLY_X)
        await config_maps(client).create(config_map("limits", max="1"))
        obj = {"metadata": {"name": "x", "namespace": "team"}, "data": {"a": "1", "b": "2"}}

        assert await refusal(client, obj) == f"failed expression: {BELOW_MAX}"


async def test_every_selected_object_is_a_parameter_of_its_own() -> None:
    async with serving() as client:
        await validate(client, BELOW_MAX, paramKind=CONFIG_MAP, binding=selected(use="limit"), rules=ONLY_X)
        for name, most, labels in (("a", "1", {"use": "limit"}), ("b", "3", {"use": "limit"}), ("c", "0", {})):
            await config_maps(client).create(
                {"metadata": {"name": name, "namespace": "default", "labels": labels}, "data": {"max": most}}
            )

        assert await refusal(client, config_map(a="1")) == ""
        assert await refusal(client, config_map(a="1", b="2")) == f"failed expression: {BELOW_MAX}"


@pytest.mark.parametrize("binding", [reference, selected], ids=["by name", "by selector"])
@pytest.mark.parametrize(
    ("action", "policy", "expected"),
    [
        (
            "Deny",
            "Fail",
            "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
        ),
        ("Deny", "Ignore", ""),
        ("Allow", "Fail", ""),
    ],
)
async def test_missing_parameters_refuse_or_leave_the_policy_out(
    binding: Any, action: str, policy: str, expected: str
) -> None:
    async with serving() as client:
        await validate(
            client,
            "false",
            paramKind=CONFIG_MAP,
            binding=binding(action=action),
            failurePolicy=policy,
            rules=ONLY_X,
        )

        assert await refusal(client, config_map()) == expected


async def test_without_a_reference_parameters_are_null() -> None:
    async with serving() as client:
        await validate(client, "params == null", paramKind=CONFIG_MAP)

        assert await refusal(client, config_map()) == ""


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_objects_of_custom_kinds_in_the_version_that_is_asked_for(version: str) -> None:
    api_version = f"example.com/{version}"
    expression = f"object.data.size() < params.max && params.apiVersion == '{api_version}' && params.kind == 'Limit'"
    async with serving() as client:
        await define_limits(client)
        kind = {"apiVersion": api_version, "kind": "Limit"}
        await validate(client, expression, paramKind=kind, binding=reference(), rules=ONLY_X)
        await client.resource(LIMITS).create({"metadata": {"name": "limits", "namespace": "default"}, "max": 2})

        assert await refusal(client, config_map(a="1")) == ""
        assert await refusal(client, config_map(a="1", b="2")) == f"failed expression: {expression}"


async def test_a_kind_that_is_not_served_is_a_failure_until_it_is() -> None:
    async with serving() as client:
        await validate(client, "params.max == 9", paramKind=LIMIT, binding=reference(), rules=ONLY_X)
        unknown = "failed to configure policy: failed to find resource referenced by paramKind: "

        assert await refusal(client, config_map()) == f"{unknown}'example.com/v1, Kind=Limit'"
        await define_limits(client)
        await client.resource(LIMITS).create({"metadata": {"name": "limits", "namespace": "default"}})
        assert await refusal(client, config_map()) == ""
        await undefine_limits(client)
        assert await refusal(client, config_map()) == f"{unknown}'example.com/v1, Kind=Limit'"


async def test_a_parameter_without_a_namespace_must_not_be_looked_for_in_one() -> None:
    async with serving() as client:
        await define_limits(client, "Cluster")
        binding = reference(namespace="default")
        await validate(client, "true", paramKind=LIMIT, binding=binding, rules=ONLY_X)

        assert await refusal(client, config_map()) == (
            "failed to configure binding: paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
        )


async def test_a_parameter_in_a_namespace_is_none_for_an_object_in_none() -> None:
    classes = (rule("priorityclasses", group="scheduling.k8s.io"),)
    async with serving() as client:
        await validate(client, "true", paramKind=CONFIG_MAP, binding=reference(), rules=classes)
        with pytest.raises(ApiError) as error:
            await client.resource(PRIORITY_CLASSES).create({"metadata": {"name": "x"}, "value": 1})

    assert error.value.message.endswith(
        f"{DENIED}failed to configure binding: "
        "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
    )


async def test_parameters_of_a_namespace_are_those_in_it() -> None:
    async with serving() as client:
        await client.resource(NAMESPACES).create({"metadata": {"name": "team"}})
        await config_maps(client).create({"metadata": {"name": "limits", "namespace": "team"}, "data": {"max": "1"}})
        namespaces = (rule("namespaces", operations=("UPDATE",)),)
        await validate(client, "params.data.max != '1'", paramKind=CONFIG_MAP, binding=reference(), rules=namespaces)

        with pytest.raises(ApiError, match=r"failed expression: params[.]data[.]max"):
            await client.resource(NAMESPACES).patch("team", {"metadata": {"labels": {"a": "b"}}})


async def test_several_bindings_have_parameters_of_their_own() -> None:
    async with serving() as client:
        await validate(client, BELOW_MAX, paramKind=CONFIG_MAP, binding=reference("low"), rules=ONLY_X)
        second = {"policyName": "policy", "validationActions": ["Deny"], **reference("lower")}
        await client.resource(VALIDATING_BINDING).create({"metadata": {"name": "second"}, "spec": second})
        await config_maps(client).create(config_map("low", max="3"))
        await config_maps(client).create(config_map("lower", max="1"))

        with pytest.raises(ApiError) as error:
            await config_maps(client).create(config_map(a="1", b="2"))

    assert "with binding 'second' denied" in error.value.message
