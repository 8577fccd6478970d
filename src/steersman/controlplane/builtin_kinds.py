"""The kinds that a control plane serves of itself, as the emulated Kubernetes has them."""

from collections.abc import Mapping
from functools import lru_cache

from steersman.apiextensions.definition_resource import definition_resources
from steersman.apimachinery.group_version import GroupKind, GroupResource
from steersman.apis.builtin import CUSTOM_RESOURCE_DEFINITION, Definitions, builtin_resources, namespace_resource
from steersman.apis.catalog import BuiltinResource, Catalog, RuntimeConfig
from steersman.apis.printer_columns import columns_of
from steersman.apis.reviews import Answer
from steersman.apiserver.registry.resource import ActionBehaviour, Resource, StoredKind
from steersman.controlplane.initializer_configurations import with_strategies


class BuiltinKinds:
    """``namespaces`` are there whether they are served or not, and so is ``custom_resource_definition``, in v1.

    ``always`` says where what the server needs is stored, for its readers.
    """

    def __init__(self, minor: int, runtime_config: RuntimeConfig, profile: str, *, has_initializers: bool) -> None:
        catalog, self.definitions = _known(minor, has_initializers)
        self._facts = catalog.resources(runtime_config, profile)
        self.namespaces, stored = namespace_resource(catalog, self.definitions)
        self.always: Mapping[GroupResource, StoredKind] = {self.namespaces.group_resource: stored}
        self._definition_kinds = _definition_kinds(self.definitions)
        self.custom_resource_definition = self._definition_kinds[0]

    def resources(
        self, answers: Mapping[GroupKind, Answer], actions: Mapping[tuple[GroupKind, str], ActionBehaviour]
    ) -> list[Resource]:
        """What is served; ``answers`` are those of kinds that are not stored, ``actions`` what subresources do."""
        built_in = with_strategies(builtin_resources(self._facts, self.definitions, answers, actions))
        versions = _versions_of_definitions(self._facts)
        return [*built_in, *(one for one in self._definition_kinds if one.version in versions)]


@lru_cache(maxsize=8)
def _known(minor: int, has_initializers: bool) -> tuple[Catalog, Definitions]:
    """Facts that never change: control planes side by side, or one after the other, compile their schemas once."""
    catalog = _catalog(minor, has_initializers)
    return catalog, Definitions(catalog)


def _catalog(minor: int, has_initializers: bool) -> Catalog:
    if not has_initializers:
        return Catalog(minor)
    # Imported for those who turn them on: everyone else's server starts sooner.
    from steersman.controlplane.initializers import CatalogWithInitializers

    return CatalogWithInitializers(minor)


def _definition_kinds(definitions: Definitions) -> list[Resource]:
    """CustomResourceDefinition in v1, in which it is stored, and in v1beta1."""
    package = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions"
    v1, v1beta1 = (
        definitions.definition(f"{package}.{version}.{CUSTOM_RESOURCE_DEFINITION.kind}")
        for version in ("v1", "v1beta1")
    )
    return definition_resources(v1, v1beta1, lambda: columns_of(CUSTOM_RESOURCE_DEFINITION))


def _versions_of_definitions(facts: list[BuiltinResource]) -> set[str]:
    """The versions of CustomResourceDefinition that are served."""
    return {one.version for one in facts if (one.group, one.kind) == CUSTOM_RESOURCE_DEFINITION}
