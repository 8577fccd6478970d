"""Policies as each minor of Kubernetes has them, and servers that have none."""

import subprocess
import sys
from typing import Any

import pytest
from tests.admission.policy.serving import (
    LIMITS,
    VALIDATING,
    config_map,
    config_maps,
    define_limits,
    kind,
    rule,
    serving,
    validate,
)

from steersman.admission.selection import AdmissionOptions, selected_names
from steersman.apimachinery.errors import ApiError


def test_policies_and_webhooks_stand_in_the_order_of_kube_apiserver() -> None:
    names = selected_names(AdmissionOptions(enable=("AlwaysDeny",)))
    dynamic = [
        "MutatingAdmissionPolicy",
        "MutatingAdmissionWebhook",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionWebhook",
        "AlwaysDeny",
    ]

    assert [name for name in names if name in dynamic] == dynamic


@pytest.mark.parametrize(
    ("minor", "version", "actions"),
    [("1.26", "v1alpha1", False), ("1.28", "v1beta1", True), ("1.30", "v1", True), ("1.33", "v1beta1", True)],
)
async def test_validating_policies_of_every_version_work(minor: str, version: str, actions: bool) -> None:
    policies, bindings = (kind(f"ValidatingAdmissionPolicy{part}", version) for part in ("", "Binding"))
    on = "" if version == "v1" else f"admissionregistration.k8s.io/{version}=true"
    spec: dict[str, Any] = {
        "matchConstraints": {"resourceRules": [rule()]},
        "validations": [{"expression": "object.data.size() < 2"}],
    }
    bound = {"policyName": "policy", **({"validationActions": ["Deny"]} if actions else {})}
    async with serving(version=minor, runtime_config=on) as client:
        await client.resource(policies).create({"metadata": {"name": "policy"}, "spec": spec})
        await client.resource(bindings).create({"metadata": {"name": "binding"}, "spec": bound})
        await config_maps(client).create(config_map("small", a="1"))

        with pytest.raises(ApiError, match="denied request: failed expression"):
            await config_maps(client).create(config_map("large", a="1", b="2"))


@pytest.mark.parametrize(("minor", "version"), [("1.32", "v1alpha1"), ("1.34", "v1beta1"), ("1.36", "v1")])
async def test_mutating_policies_of_every_version_work(minor: str, version: str) -> None:
    policies, bindings = (kind(f"MutatingAdmissionPolicy{part}", version) for part in ("", "Binding"))
    on = "" if version == "v1" else f"admissionregistration.k8s.io/{version}=true"
    expression = "Object{metadata: Object.metadata{labels: {'team': 'a'}}}"
    spec = {
        "matchConstraints": {"resourceRules": [rule()]},
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}],
        "reinvocationPolicy": "Never",
    }
    async with serving(version=minor, runtime_config=on) as client:
        await client.resource(policies).create({"metadata": {"name": "policy"}, "spec": spec})
        await client.resource(bindings).create({"metadata": {"name": "binding"}, "spec": {"policyName": "policy"}})

        created = await config_maps(client).create(config_map())

    assert created["metadata"]["labels"] == {"team": "a"}


async def test_a_server_without_policies_works_without_them() -> None:
    async with serving(version="1.20") as client:
        await config_maps(client).create(config_map())

        with pytest.raises(ApiError) as refusal:
            await client.resource(VALIDATING).create({"metadata": {"name": "x"}})

    assert refusal.value.code == 404


async def test_a_server_of_custom_resources_alone_has_policies_for_them() -> None:
    async with serving(profile="crd-only") as client:
        await define_limits(client)
        await validate(client, "object.max < 5", rules=(rule("limits", group="example.com"),))

        with pytest.raises(ApiError, match=r"failed expression: object[.]max < 5"):
            await client.resource(LIMITS).create({"metadata": {"name": "x", "namespace": "default"}})


def test_the_expression_language_is_not_loaded_before_there_is_a_policy() -> None:
    program = (
        "import asyncio, sys\n"
        "from steersman.controlplane import ControlPlane\n"
        "from steersman.client import Client\n"
        "from tests.admission.policy.serving import config_map, config_maps, validate\n"
        "def loaded(): return 'steersman.apimachinery.cel' in sys.modules\n"
        "async def main():\n"
        "    async with ControlPlane() as server, Client(server.client_config()) as client:\n"
        "        await config_maps(client).create(config_map())\n"
        "        print(loaded())\n"
        "        await validate(client, 'true')\n"
        "        print(loaded())\n"
        "asyncio.run(main())\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["False", "True"], done.stderr
