"""The record of an election in a Lease on the server, as client-go's ``resourcelock.LeaseLock`` keeps it."""

from collections.abc import Mapping
from typing import Any, Final

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.client import Client
from steersman.client.leader_election.lease import LeaderElectionRecord, Lease

LEASES: Final = ApiResource("coordination.k8s.io", "v1", "leases", "Lease", True, DICTS)


class LeaseLock:
    """The Lease ``namespace/name``. What else stands in it, such as labels, is kept."""

    def __init__(self, client: Client, namespace: str, name: str) -> None:
        self._leases = client.resource(LEASES)
        self._namespace, self._name = namespace, name

    async def get(self) -> Lease | None:
        """The lease, None if there is none. Raises ApiError, TransportError."""
        try:
            return _lease(await self._leases.get(self._name, namespace=self._namespace))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    async def create(self, record: LeaderElectionRecord) -> Lease:
        """A lease with this record. Raises ApiError (409 if there is one), TransportError."""
        metadata = {"name": self._name, "namespace": self._namespace}
        return _lease(await self._leases.create({"metadata": metadata, "spec": record.spec()}))

    async def update(self, lease: Lease, record: LeaderElectionRecord) -> Lease:
        """``lease`` with this record instead. Raises ApiError (409 if it has changed, 404 if it is gone), and as above.

        ``lease`` must have a resourceVersion: without one a server would replace whatever there is.
        """
        if not lease.resource_version:
            raise ValueError(f"the lease {self._namespace}/{self._name} has no resourceVersion")
        spec = {**(lease.content.get("spec") or {}), **record.spec()}
        return _lease(await self._leases.update({**lease.content, "spec": spec}))


def _lease(content: Mapping[str, Any]) -> Lease:
    return Lease(LeaderElectionRecord.of(content.get("spec") or {}), content)
