"""The Pod that somebody connects to with exec or attach, and what makes it a way to the node."""

from collections.abc import Callable, Sequence

from steersman.admission.pod_spec import PODS, containers
from steersman.apimachinery.errors import forbidden, not_found
from steersman.apiserver.admission import Attributes
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

_INTO_CONTAINERS = frozenset(("exec", "attach"))
_REFUSED = "cannot exec into or attach to"

Danger = Callable[[Object], str]
"""From a Pod to what is refused about it, empty for nothing."""


async def check_exec(objects: ObjectReader, attributes: Attributes, dangers: Sequence[Danger]) -> None:
    """Raises Forbidden where the Pod is one of the ``dangers``, or is not there to be looked at."""
    if attributes.subresource not in _INTO_CONTAINERS:
        return
    entry = await objects.get(PODS, attributes.namespace, attributes.name)
    if entry is None:
        raise forbidden(PODS, attributes.name, not_found(PODS, attributes.name).message)
    pod = entry.parsed()
    for danger in dangers:
        if found := danger(pod):
            raise forbidden(PODS, attributes.name, f"{_REFUSED} {found}")


def shares_pid(pod: Object) -> str:
    return "a container using host pid" if (pod.get("spec") or {}).get("hostPID") else ""


def shares_ipc(pod: Object) -> str:
    return "a container using host ipc" if (pod.get("spec") or {}).get("hostIPC") else ""


def is_privileged(pod: Object) -> str:
    found = any((container.get("securityContext") or {}).get("privileged") for _, container in containers(pod))
    return "a privileged container" if found else ""
