"""DenyEscalatingExec: nobody gets into a container from which the node can be taken."""

from collections.abc import Mapping
from typing import Any, Self

from steersman.admission.configuration import refuse_configuration
from steersman.admission.exec_target import check_exec, is_privileged, shares_ipc, shares_pid
from steersman.admission.pod_spec import PODS
from steersman.apiserver.admission import CONNECT, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.reader import ObjectReader


class DenyEscalatingExec:
    name = "DenyEscalatingExec"
    operations = frozenset((CONNECT,))
    resources = frozenset((PODS,))

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects)

    async def validate(self, attributes: Attributes) -> None:
        await check_exec(self._objects, attributes, (shares_pid, shares_ipc, is_privileged))
