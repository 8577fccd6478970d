"""Leader election on Leases of coordination.k8s.io/v1: of several processes, one does the work.

Under client-go's names (``tools/leaderelection``), and on the same records, so that candidates of both can stand for
one lease. Unlike there, leading has ended before another can lead; ``election`` says on what this rests::

    config = LeaderElectionConfig(name="my-operator", namespace="default", identity=f"{hostname}_{uuid4()}")

    async def lead(leadership: Leadership) -> None:
        await controller.run()      # cancelled when the lease is lost, and when run() is cancelled

    await LeaderElector(client, config).run(lead)

``election`` has the rules, as a table without clock or network; ``leader_elector`` carries them out.
"""

from steersman.client.leader_election.config import LeaderElectionConfig
from steersman.client.leader_election.election import Election, Outcome, Role
from steersman.client.leader_election.leader_elector import (
    LeaderElector,
    Leadership,
    LeadershipLost,
    LeadOverran,
    LeaseExpired,
)
from steersman.client.leader_election.lease import LeaderElectionRecord, Lease
from steersman.client.leader_election.lease_lock import LEASES, LeaseLock

__all__ = [
    "LEASES",
    "Election",
    "LeadOverran",
    "LeaderElectionConfig",
    "LeaderElectionRecord",
    "LeaderElector",
    "Leadership",
    "LeadershipLost",
    "Lease",
    "LeaseExpired",
    "LeaseLock",
    "Outcome",
    "Role",
]
