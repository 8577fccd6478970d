"""The controllers that run beside the server, on clients in the same process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

from steersman.apiextensions.finalizing_controller import FinalizingController
from steersman.apiextensions.naming_controller import NamingController
from steersman.apiextensions.serving import DefinitionServing
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.metrics import Metrics
from steersman.apiserver.registry.initialization import Initialization
from steersman.apiserver.registry.metadata import Sources
from steersman.apiserver.registry.served import ServedResources
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.config import Config
from steersman.client.informer import ListOptions, SharedInformerFactory
from steersman.controllers.cluster_role_aggregation_controller import (
    CLUSTER_ROLES,
    ClusterRoleAggregationController,
)
from steersman.controllers.deletion_protection import DeletionProtection
from steersman.controllers.namespace_controller import NAMESPACES, NamespaceController
from steersman.controllers.policy_type_checking import PolicyTypeChecker
from steersman.controllers.pv_protection import VOLUMES, pv_protection
from steersman.controllers.pvc_protection import CLAIMS, pvc_protection
from steersman.controllers.resource_quota import RESOURCE_QUOTAS, ResourceQuotaController
from steersman.controllers.validating_admission_policy_status import ValidatingAdmissionPolicyStatusController

DEFINITIONS = GroupResource("apiextensions.k8s.io", "customresourcedefinitions")
VALIDATING_POLICIES = GroupResource("admissionregistration.k8s.io", "validatingadmissionpolicies")
_NEEDED = frozenset(("create", "list", "update", "watch"))


@asynccontextmanager
async def running_controllers(
    config: Config,
    served: ServedResources,
    serving: DefinitionServing,
    sources: Sources,
    metrics: Metrics,
    initialization: Initialization,
) -> AsyncIterator[None]:
    """Run the controllers of the kinds that are served, within the block."""
    async with Client(config) as client:
        factory, seeing_all = SharedInformerFactory(client), SharedInformerFactory(client, tweak=_everything)
        running: list[_Controller] = [
            *_of_definitions(client, factory, served, serving, sources),
            *_of_namespaces(client, seeing_all, served),
            *_of_policies(client, factory, served),
            *_of_storage(client, seeing_all, served),
            *_of_quotas(client, seeing_all, served),
            *_of_cluster_roles(client, factory, served),
        ]
        if initialization.enabled:
            running.append(_of_initialization(client, factory, served, metrics, initialization.wait_seconds))
        async with factory, seeing_all:
            tasks = [asyncio.create_task(controller.run()) for controller in running]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


class _Controller(Protocol):
    async def run(self) -> None: ...


def _everything(options: ListOptions) -> ListOptions:
    """A namespace is emptied and goes whether it is initialized or not, and whatever in it is."""
    return replace(options, include_uninitialized=True)


def _of_initialization(
    client: Client, factory: SharedInformerFactory, served: ServedResources, metrics: Metrics, stuck_seconds: float
) -> _Controller:
    from steersman.controllers.initialization_controller import CONFIGURATIONS, InitializationController
    from steersman.controlplane.initializers import add_initializer_metrics

    has_configurations = served.of_group_resource(CONFIGURATIONS.group_resource) is not None
    informer = factory.for_resource(CONFIGURATIONS) if has_configurations else None
    controller = InitializationController(client, informer, lambda: _initializable(served), stuck_seconds)
    served.on_change(controller.served_changed)
    add_initializer_metrics(metrics, controller.waiting)
    return controller


def _initializable(served: ServedResources) -> list[ApiResource[dict[str, Any]]]:
    """What can be created and waited for, each in the version in which it is stored."""
    named = {one.group_resource for one in served.all() if {*one.verbs} >= _NEEDED}
    found = [one for one in map(served.of_group_resource, named) if one is not None and one.stored is not None]
    return [ApiResource(one.group, one.version, one.plural, one.kind, one.namespaced, DICTS) for one in found]


def _of_definitions(
    client: Client,
    factory: SharedInformerFactory,
    served: ServedResources,
    serving: DefinitionServing,
    sources: Sources,
) -> list[NamingController | FinalizingController]:
    """In whichever version definitions are served: names, conditions and finalizers are the same in each."""
    found = served.of_group_resource(DEFINITIONS)
    if found is None:
        return []
    resource = ApiResource(found.group, found.version, found.plural, found.kind, found.namespaced, DICTS)
    definitions, informer = client.resource(resource), factory.for_resource(resource)
    finalizing = FinalizingController(definitions, informer, serving.delete_instances, sources.now)
    serving.on_instances_changed = finalizing.look_at
    return [NamingController(definitions, informer, serving.built_in, sources.now), finalizing]


def _of_namespaces(
    client: Client, factory: SharedInformerFactory, served: ServedResources
) -> list[NamespaceController]:
    if served.of_group_resource(NAMESPACES.group_resource) is None:
        return []
    return [NamespaceController(client, factory.for_resource(NAMESPACES))]


def _of_storage(client: Client, factory: SharedInformerFactory, served: ServedResources) -> list[DeletionProtection]:
    protections = ((CLAIMS, pvc_protection), (VOLUMES, pv_protection))
    return [
        protection(client, factory.for_resource(resource))
        for resource, protection in protections
        if served.of_group_resource(resource.group_resource) is not None
    ]


def _of_cluster_roles(
    client: Client, factory: SharedInformerFactory, served: ServedResources
) -> list[ClusterRoleAggregationController]:
    """In whichever version roles are served: rules are the same in each."""
    found = served.of_group_resource(CLUSTER_ROLES)
    if found is None:
        return []
    resource = ApiResource(found.group, found.version, found.plural, found.kind, found.namespaced, DICTS)
    return [ClusterRoleAggregationController(client.resource(resource), factory.for_resource(resource))]


def _of_quotas(
    client: Client, factory: SharedInformerFactory, served: ServedResources
) -> list[ResourceQuotaController]:
    def find(resource: GroupResource) -> ApiResource[dict[str, Any]] | None:
        one = served.of_group_resource(resource)
        if one is None or not one.namespaced or one.stored is None:
            return None
        return ApiResource(one.group, one.version, one.plural, one.kind, one.namespaced, DICTS)

    if served.of_group_resource(RESOURCE_QUOTAS.group_resource) is None:
        return []
    return [ResourceQuotaController(client, factory, find)]


def _of_policies(
    client: Client, factory: SharedInformerFactory, served: ServedResources
) -> list[ValidatingAdmissionPolicyStatusController]:
    """In whichever version policies are served; in the first minor that had them, they had no status."""
    found = served.of_group_resource(VALIDATING_POLICIES)
    if found is None or "status" not in found.subresources:
        return []
    resource = ApiResource(found.group, found.version, found.plural, found.kind, found.namespaced, DICTS)
    policies, informer = client.resource(resource), factory.for_resource(resource)
    return [ValidatingAdmissionPolicyStatusController(policies, informer, PolicyTypeChecker(served))]
