"""DenyExecOnPrivileged: nobody gets into a privileged container. The elder of DenyEscalatingExec, which sees more."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.exec_target import check_exec, is_privileged
from steersman.admission.pod_spec import PODS
from steersman.apiserver.admission import CONNECT, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.reader import ObjectReader


class DenyExecOnPrivileged:
    name = "DenyExecOnPrivileged"
    operations = frozenset((CONNECT,))
    resources = frozenset((PODS,))

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects)

    async def validate(self, attributes: Attributes) -> None:
        await check_exec(self._objects, attributes, (is_privileged,))
