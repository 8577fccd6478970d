"""CertificateApproval: who approves a certificate request must be allowed to for its signer."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.signer_permission import REQUESTS, check_permission
from steersman.apiserver.admission import UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer


class CertificateApproval:
    """The stored request counts: an update cannot name another signer on the way."""

    name = "CertificateApproval"
    operations = frozenset((UPDATE,))
    resources = frozenset((REQUESTS,))

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.authorizer)

    async def validate(self, attributes: Attributes) -> None:
        if attributes.subresource == "approval" and attributes.old_object is not None:
            await check_permission(self._authorizer, attributes, attributes.old_object, "approve")
