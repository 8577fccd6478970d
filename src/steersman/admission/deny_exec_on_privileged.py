"""DenyExecOnPrivileged: nobody gets into a privileged container. The elder of DenyEscalatingExec, which sees more."""

from steersman.admission.configuration import ReadsObjects
from steersman.admission.exec_target import check_exec, is_privileged
from steersman.admission.pod_spec import PODS
from steersman.apiserver.admission import CONNECT, Attributes


class DenyExecOnPrivileged(ReadsObjects):
    name = "DenyExecOnPrivileged"
    operations = frozenset((CONNECT,))
    resources = frozenset((PODS,))

    async def validate(self, attributes: Attributes) -> None:
        await check_exec(self._objects, attributes, (is_privileged,))
