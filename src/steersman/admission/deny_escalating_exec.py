"""DenyEscalatingExec: nobody gets into a container from which the node can be taken."""

from steersman.admission.configuration import ReadsObjects
from steersman.admission.exec_target import check_exec, is_privileged, shares_ipc, shares_pid
from steersman.admission.pod_spec import PODS
from steersman.apiserver.admission import CONNECT, Attributes


class DenyEscalatingExec(ReadsObjects):
    name = "DenyEscalatingExec"
    operations = frozenset((CONNECT,))
    resources = frozenset((PODS,))

    async def validate(self, attributes: Attributes) -> None:
        await check_exec(self._objects, attributes, (shares_pid, shares_ipc, is_privileged))
