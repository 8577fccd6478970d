"""What InitializerConfigurations do, wherever they are served: initializers need not be turned on for that."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.registry.resource import Resource

_CONFIGURATIONS = GroupResource("admissionregistration.k8s.io", "initializerconfigurations")


def with_strategies(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The resources, that of InitializerConfigurations with what they do."""
    for resource in resources:
        yield _with_strategy(resource) if resource.group_resource == _CONFIGURATIONS else resource


def _with_strategy(resource: Resource) -> Resource:
    # Imported where they are served, which most versions do not: the other servers start sooner.
    from steersman.admission.initializers.configuration import InitializerConfigurationStrategy

    return replace(resource, strategy=InitializerConfigurationStrategy())
