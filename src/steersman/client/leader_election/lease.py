"""The Lease that is elected on, and the record of the election that its ``spec`` is (coordination.k8s.io/v1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from steersman.apimachinery.time import format_micro_time, parse_time


@dataclass(frozen=True, slots=True)
class LeaderElectionRecord:
    """Who holds a lease. ``holder_identity`` is empty where nobody does; the times are the holder's wall clock's."""

    holder_identity: str
    lease_duration_seconds: int
    acquire_time: datetime | None
    renew_time: datetime | None
    leader_transitions: int

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "LeaderElectionRecord":
        """Read ``spec``; what is missing from it or has another type counts as not set."""
        return cls(
            _string(spec.get("holderIdentity")),
            _integer(spec.get("leaseDurationSeconds")),
            _time(spec.get("acquireTime")),
            _time(spec.get("renewTime")),
            _integer(spec.get("leaseTransitions")),
        )

    def spec(self) -> dict[str, Any]:
        """The fields of ``spec`` that make up the record."""
        return {
            "holderIdentity": self.holder_identity,
            "leaseDurationSeconds": self.lease_duration_seconds,
            "acquireTime": _text(self.acquire_time),
            "renewTime": _text(self.renew_time),
            "leaseTransitions": self.leader_transitions,
        }


@dataclass(frozen=True, slots=True)
class Lease:
    """A Lease as the server has it: its record, and the whole object, by whose resourceVersion it is replaced."""

    record: LeaderElectionRecord
    content: Mapping[str, Any]

    @property
    def resource_version(self) -> str:
        return _string(self.content["metadata"].get("resourceVersion"))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Any) -> int:
    return value if type(value) is int else 0


def _time(value: Any) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else format_micro_time(moment)
