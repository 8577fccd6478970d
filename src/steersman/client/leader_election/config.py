"""The settings of a leader election, under client-go's names, with its defaults and its rules."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

JITTER_FACTOR: Final = 1.2
"""A candidate waits for one to one plus this many retry periods between two looks at the lease."""


@dataclass(frozen=True, kw_only=True)
class LeaderElectionConfig:
    """Which Lease is elected on, by whom, and how fast; times in seconds.

    ``identity`` must be this process's alone. ``lease_duration`` is how long others wait, after they saw the lease
    change, until they take it; on the lease it stands in whole seconds, rounded up. ``renew_deadline`` is how long
    after its last successful renewal a leader still leads: what is between the two is the time that leading has to end
    in, and the clocks' tolerance. If one clock may run ``r`` times as fast as another, choose
    ``lease_duration > r * renew_deadline + the time that leading takes to end``. ``retry_period`` is between tries.

    With ``release_on_cancel`` the lease is given up once leading has ended, so that the next one need not wait.
    ``on_started`` and ``on_stopped`` are called when this process begins and has ended leading, ``on_new_leader`` with
    each other identity that is seen to hold the lease, this one included. What they raise is logged.

    Raises ValueError for times that do not fit together, and for missing names.
    """

    name: str
    namespace: str
    identity: str
    lease_duration: float = 15.0
    renew_deadline: float = 10.0
    retry_period: float = 2.0
    release_on_cancel: bool = True
    on_started: Callable[[], None] | None = None
    on_stopped: Callable[[], None] | None = None
    on_new_leader: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        for refused, why in _RULES:
            if refused(self):
                raise ValueError(f"leader election: {why}")

    @property
    def lease_seconds(self) -> int:
        """The duration as it stands on the lease."""
        return math.ceil(self.lease_duration)

    @property
    def request_timeout(self) -> float:
        """After how long a request is cut, so that another one can be tried before the deadline."""
        return max(self.renew_deadline / 2, self.retry_period)


_RULES: tuple[tuple[Callable[[LeaderElectionConfig], bool], str], ...] = (
    (lambda config: not config.name or not config.namespace, "the lease needs a name and a namespace"),
    (lambda config: not config.identity, "identity must not be empty"),
    (
        lambda config: not config.lease_duration > config.renew_deadline,
        "lease_duration must be greater than renew_deadline",
    ),
    (
        lambda config: not config.renew_deadline > JITTER_FACTOR * config.retry_period,
        f"renew_deadline must be greater than {JITTER_FACTOR} * retry_period",
    ),
    (lambda config: not config.retry_period > 0, "retry_period must be greater than zero"),
    (lambda config: math.isinf(config.lease_duration), "lease_duration must be finite"),
)
