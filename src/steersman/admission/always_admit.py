"""AlwaysAdmit: admits everything; it is there because it always was."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.apiserver.admission import OPERATIONS, Attributes
from steersman.apiserver.admission.context import PluginContext


class AlwaysAdmit:
    name = "AlwaysAdmit"
    operations = frozenset(OPERATIONS)
    resources = None

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls()

    def validate(self, attributes: Attributes) -> None:
        """Never refuses."""
