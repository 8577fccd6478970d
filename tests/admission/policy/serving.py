"""A control plane that serves HTTP, and the policies that tests put into it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.admission.over_http import serving_http

from steersman.admission.selection import AdmissionOptions
from steersman.apiserver.admission import Attributes
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.resource_client import ResourceClient

GROUP = "admissionregistration.k8s.io"


def kind(name: str, version: str = "v1") -> ApiResource[dict[str, Any]]:
    plural = name.lower().removesuffix("y") + ("ies" if name.endswith("y") else "s")
    return ApiResource(GROUP, version, plural, name, False, DICTS)


VALIDATING, VALIDATING_BINDING = kind("ValidatingAdmissionPolicy"), kind("ValidatingAdmissionPolicyBinding")
MUTATING, MUTATING_BINDING = kind("MutatingAdmissionPolicy"), kind("MutatingAdmissionPolicyBinding")

CONFIG_MAPS = ApiResource("", "v1", "configmaps", "ConfigMap", True, DICTS)
NAMESPACES = ApiResource("", "v1", "namespaces", "Namespace", False, DICTS)
DEPLOYMENTS = ApiResource("apps", "v1", "deployments", "Deployment", True, DICTS)
PRIORITY_CLASSES = ApiResource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, DICTS)
PODS = ApiResource("", "v1", "pods", "Pod", True, DICTS)


class Recorder:
    """Stands at the end of the chain, and keeps what the others told the audit log."""

    name, operations, resources = "Recorder", frozenset(("CREATE", "UPDATE", "DELETE")), None

    def __init__(self) -> None:
        self.annotations: dict[str, str] = {}

    def validate(self, attributes: Attributes) -> None:
        self.annotations.update(attributes.annotations)


@asynccontextmanager
async def serving(
    *plugins: Any,
    enable: tuple[str, ...] = (),
    warnings: list[str] | None = None,
    user: str = "system:apiserver",
    groups: tuple[str, ...] = ("system:masters",),
    **options: Any,
) -> AsyncIterator[Client]:
    """A client of a new control plane; ``warnings`` collects those that it is sent."""
    chain = AdmissionOptions(enable=enable, extra=plugins)
    async with serving_http(admission=chain, **options) as server:
        config = server.config(user, *groups)
        if warnings is not None:
            config = replace(config, warning_handler=lambda _code, _agent, text: warnings.append(text))
        async with Client(config) as client:
            yield client


def rule(
    resource: str = "configmaps",
    *,
    group: str = "",
    version: str = "*",
    operations: tuple[str, ...] = ("CREATE", "UPDATE"),
    **more: Any,
) -> dict[str, Any]:
    return {
        "apiGroups": [group],
        "apiVersions": [version],
        "resources": [resource],
        "operations": list(operations),
        **more,
    }


async def validate(
    client: Client,
    *validations: dict[str, Any] | str,
    name: str = "policy",
    rules: tuple[dict[str, Any], ...] = (rule(),),
    binding: dict[str, Any] | None = None,
    actions: tuple[str, ...] = ("Deny",),
    constraints: dict[str, Any] | None = None,
    **spec: Any,
) -> None:
    """Create a policy with these validations, and a binding ``<name>-binding`` that puts it into force."""
    listed = [{"expression": one} if isinstance(one, str) else one for one in validations]
    body = {"matchConstraints": {"resourceRules": list(rules), **(constraints or {})}, "validations": listed, **spec}
    await client.resource(VALIDATING).create({"metadata": {"name": name}, "spec": body})
    bound = {"policyName": name, "validationActions": list(actions), **(binding or {})}
    await client.resource(VALIDATING_BINDING).create({"metadata": {"name": f"{name}-binding"}, "spec": bound})


def config_maps(client: Client) -> ResourceClient[dict[str, Any]]:
    return client.resource(CONFIG_MAPS)


def config_map(name: str = "x", **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "default"}, "data": data}


def apply_configuration(expression: str) -> dict[str, Any]:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def json_patch(expression: str) -> dict[str, Any]:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


async def mutate(
    client: Client,
    *mutations: dict[str, Any],
    name: str = "policy",
    rules: tuple[dict[str, Any], ...] = (rule(),),
    binding: dict[str, Any] | None = None,
    reinvocation: str = "Never",
    **spec: Any,
) -> None:
    """Create a policy with these mutations, and a binding ``<name>-binding`` that puts it into force."""
    body = {
        "matchConstraints": {"resourceRules": list(rules)},
        "mutations": list(mutations),
        "reinvocationPolicy": reinvocation,
        **spec,
    }
    await client.resource(MUTATING).create({"metadata": {"name": name}, "spec": body})
    bound = {"policyName": name, **(binding or {})}
    await client.resource(MUTATING_BINDING).create({"metadata": {"name": f"{name}-binding"}, "spec": bound})


LIMITS = ApiResource("example.com", "v1", "limits", "Limit", True, DICTS)
DEFINITIONS = ApiResource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False, DICTS
)


def limit_definition(scope: str = "Namespaced") -> dict[str, Any]:
    """Defines ``Limit`` of example.com, in two versions of one shape: ``max`` and ``names``."""
    schema = {
        "type": "object",
        "properties": {
            "max": {"type": "integer", "default": 9},
            "names": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    }
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}}
        for name in ("v1", "v1beta1")
    ]
    names = {"plural": "limits", "singular": "limit", "kind": "Limit", "listKind": "LimitList"}
    return {
        "metadata": {"name": "limits.example.com"},
        "spec": {"group": "example.com", "scope": scope, "names": names, "versions": versions},
    }


async def define_limits(client: Client, scope: str = "Namespaced") -> None:
    """Create the definition, and wait until it is served."""
    definitions = client.resource(DEFINITIONS)
    await definitions.create(limit_definition(scope))
    async with asyncio.timeout(10), definitions.watch(field_selector="metadata.name=limits.example.com") as watch:
        async for event in watch:
            conditions = (event.object.get("status") or {}).get("conditions") or ()
            if any(one["type"] == "Established" and one["status"] == "True" for one in conditions):
                return


async def undefine_limits(client: Client) -> None:
    """Delete the definition, and wait until it is gone."""
    definitions = client.resource(DEFINITIONS)
    async with asyncio.timeout(10), definitions.watch(field_selector="metadata.name=limits.example.com") as watch:
        await definitions.delete("limits.example.com")
        async for event in watch:
            if event.type == "DELETED":
                return
