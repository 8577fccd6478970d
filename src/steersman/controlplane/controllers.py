"""The controllers that run beside the server, on clients in the same process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from steersman.apiextensions.finalizing_controller import FinalizingController
from steersman.apiextensions.naming_controller import NamingController
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.served import ServedResources
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.config import Config
from steersman.client.informer import ListOptions, SharedInformerFactory
from steersman.controllers.cluster_role_aggregation_controller import (
    CLUSTER_ROLES,
    ClusterRoleAggregationController,
)
from steersman.controllers.namespace_controller import NAMESPACES, NamespaceController
from steersman.controllers.policy_type_checking import PolicyTypeChecker
from steersman.controllers.pv_protection import VOLUMES, pv_protection
from steersman.controllers.pvc_protection import CLAIMS, pvc_protection
from steersman.controllers.resource_quota import RESOURCE_QUOTAS, ResourceQuotaController
from steersman.controllers.root_ca_publisher import CONFIG_MAPS, NAME, SINCE, RootCAPublisher
from steersman.controllers.service_account import DEFAULT, SERVICE_ACCOUNTS, ServiceAccountController
from steersman.controllers.service_account_token_controller import (
    BY_ITSELF_UNTIL,
    OF_TYPE,
    SECRETS,
    ServiceAccountTokenController,
)
from steersman.controllers.system_namespaces import SystemNamespacesController
from steersman.controllers.validating_admission_policy_status import ValidatingAdmissionPolicyStatusController
from steersman.controlplane.controller_context import ControllerContext
from steersman.controlplane.supervision import Controller, keep_running
from steersman.controlplane.surroundings import Surroundings

DEFINITIONS = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")
VALIDATING_POLICIES = GroupResource("admissionregistration.k8s.io", "validatingadmissionpolicies")
_NEEDED = frozenset(("create", "list", "update", "watch"))

Build = Callable[[ControllerContext, Surroundings], Controller | None]
"""Makes a controller; None where what it looks after is not served, or not turned on."""


@asynccontextmanager
async def running_controllers(config: Config, around: Surroundings) -> AsyncIterator[None]:
    """Run the controllers of the kinds that are served, within the block."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(config))
        all_objects = SharedInformerFactory(client, tweak=_everything)
        context = ControllerContext(client, SharedInformerFactory(client), all_objects, [])
        made = {name: build(context, around) for name, build in _CONTROLLERS.items()}
        await stack.enter_async_context(context.informers)
        await stack.enter_async_context(context.all_objects)
        for informer in context.named:
            await stack.enter_async_context(informer)
        running = [
            asyncio.create_task(keep_running(name, controller), name=f"{name} controller")
            for name, controller in made.items()
            if controller is not None
        ]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _everything(options: ListOptions) -> ListOptions:
    return replace(options, include_uninitialized=True)


def _naming(context: ControllerContext, around: Surroundings) -> Controller | None:
    """In whichever version definitions are served: names and conditions are the same in each."""
    resource = around.find(DEFINITIONS)
    if resource is None:
        return None
    definitions, informer = context.client.resource(resource), context.informers.for_resource(resource)
    return NamingController(definitions, informer, around.serving.built_in, around.sources.now)


def _finalizing(context: ControllerContext, around: Surroundings) -> Controller | None:
    """As above; finalizers are the same too."""
    resource = around.find(DEFINITIONS)
    if resource is None:
        return None
    definitions, informer = context.client.resource(resource), context.informers.for_resource(resource)
    controller = FinalizingController(definitions, informer, around.serving.delete_instances, around.sources.now)
    around.serving.on_instances_changed = controller.look_at
    return controller


def _namespaces(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not around.has(NAMESPACES.group_resource):
        return None
    informer = context.all_objects.for_resource(NAMESPACES)
    return NamespaceController(context.client, informer, around.minor, around.sources.now)


def _system_namespaces(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not around.has(NAMESPACES.group_resource):
        return None
    return SystemNamespacesController(context.client, context.all_objects.for_resource(NAMESPACES))


def _service_accounts(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not (around.has(NAMESPACES.group_resource) and around.has(SERVICE_ACCOUNTS.group_resource)):
        return None
    namespaces, accounts = context.all_objects.for_resource(NAMESPACES), context.of_name(SERVICE_ACCOUNTS, DEFAULT)
    return ServiceAccountController(context.client, namespaces, accounts)


def _root_ca(context: ControllerContext, around: Surroundings) -> Controller | None:
    """Where HTTPS is not served, there is no certificate to publish."""
    if not around.authority or around.minor < SINCE:
        return None
    if not (around.has(NAMESPACES.group_resource) and around.has(CONFIG_MAPS.group_resource)):
        return None
    namespaces, config_maps = context.all_objects.for_resource(NAMESPACES), context.of_name(CONFIG_MAPS, NAME)
    return RootCAPublisher(context.client, namespaces, config_maps, around.authority)


def _service_account_tokens(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not (around.has(SECRETS.group_resource) and around.has(SERVICE_ACCOUNTS.group_resource)):
        return None
    return ServiceAccountTokenController(
        context.client,
        context.informers.for_resource(SERVICE_ACCOUNTS),
        context.selected(SECRETS, OF_TYPE),
        around.issue_for_secret,
        around.authority,
        by_itself=around.minor < BY_ITSELF_UNTIL,
    )


def _policies(context: ControllerContext, around: Surroundings) -> Controller | None:
    """In whichever version policies are served; in the first minor that had them, they had no status."""
    found = around.served.of_group_resource(VALIDATING_POLICIES)
    resource = around.find(VALIDATING_POLICIES)
    if found is None or resource is None or "status" not in found.subresources:
        return None
    policies, informer = context.client.resource(resource), context.informers.for_resource(resource)
    return ValidatingAdmissionPolicyStatusController(policies, informer, PolicyTypeChecker(around.served))


def _claims(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not around.has(CLAIMS.group_resource):
        return None
    return pvc_protection(context.client, context.all_objects.for_resource(CLAIMS))


def _volumes(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not around.has(VOLUMES.group_resource):
        return None
    return pv_protection(context.client, context.all_objects.for_resource(VOLUMES))


def _quotas(context: ControllerContext, around: Surroundings) -> Controller | None:
    def find(resource: GroupResource) -> ApiResource[dict[str, Any]] | None:
        one = around.served.of_group_resource(resource)
        return around.find(resource) if one is not None and one.namespaced and one.stored is not None else None

    if not around.has(RESOURCE_QUOTAS.group_resource):
        return None
    return ResourceQuotaController(context.client, context.all_objects, find)


def _cluster_roles(context: ControllerContext, around: Surroundings) -> Controller | None:
    """In whichever version roles are served: rules are the same in each."""
    resource = around.find(CLUSTER_ROLES)
    if resource is None:
        return None
    return ClusterRoleAggregationController(context.client.resource(resource), context.informers.for_resource(resource))


def _initialization(context: ControllerContext, around: Surroundings) -> Controller | None:
    if not around.initialization.enabled:
        return None
    # Imported for those who turn them on: everyone else's server starts sooner.
    from steersman.controllers.initialization_controller import CONFIGURATIONS, InitializationController
    from steersman.controlplane.initializers import add_initializer_metrics

    informer = context.informers.for_resource(CONFIGURATIONS) if around.has(CONFIGURATIONS.group_resource) else None
    resources = partial(_initializable, around.served)
    controller = InitializationController(context.client, informer, resources, around.initialization.wait_seconds)
    around.served.on_change(controller.served_changed)
    add_initializer_metrics(around.metrics, controller.waiting)
    return controller


def _initializable(served: ServedResources) -> list[ApiResource[dict[str, Any]]]:
    """What can be created and waited for, each in the version in which it is stored."""
    named = {one.group_resource for one in served.all() if {*one.verbs} >= _NEEDED}
    found = [one for one in map(served.of_group_resource, named) if one is not None and one.stored is not None]
    return [ApiResource(one.group, one.version, one.plural, one.kind, one.namespaced, DICTS) for one in found]


_CONTROLLERS: Mapping[str, Build] = {
    "naming": _naming,
    "finalizing": _finalizing,
    "namespace": _namespaces,
    "system namespaces": _system_namespaces,
    "service account": _service_accounts,
    "service account token": _service_account_tokens,
    "root CA": _root_ca,
    "policy status": _policies,
    "claim protection": _claims,
    "volume protection": _volumes,
    "quota": _quotas,
    "cluster role aggregation": _cluster_roles,
    "initialization": _initialization,
}
"""By the name under which a controller that fails is logged."""
