"""AlwaysDeny: refuses everything, to try what a refusal does."""

from steersman.admission.configuration import Unconfigured
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import OPERATIONS, Attributes


class AlwaysDeny(Unconfigured):
    """Refuses in the mutating phase already: nobody behind it is asked."""

    name = "AlwaysDeny"
    operations = frozenset(OPERATIONS)
    resources = None

    def admit(self, attributes: Attributes) -> None:
        raise forbidden(attributes.group_resource, attributes.name, "admission control is denying all modifications")
