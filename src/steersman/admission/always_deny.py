"""AlwaysDeny: refuses everything, to try what a refusal does."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import OPERATIONS, Attributes
from steersman.apiserver.admission.context import PluginContext


class AlwaysDeny:
    """Refuses in the mutating phase already: nobody behind it is asked."""

    name = "AlwaysDeny"
    operations = frozenset(OPERATIONS)
    resources = None

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls()

    def admit(self, attributes: Attributes) -> None:
        raise forbidden(attributes.group_resource, attributes.name, "admission control is denying all modifications")
