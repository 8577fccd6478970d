"""AlwaysAdmit: admits everything; it is there because it always was."""

from steersman.admission.configuration import Unconfigured
from steersman.apiserver.admission import OPERATIONS, Attributes


class AlwaysAdmit(Unconfigured):
    name = "AlwaysAdmit"
    operations = frozenset(OPERATIONS)
    resources = None

    def validate(self, attributes: Attributes) -> None:
        """Never refuses."""
