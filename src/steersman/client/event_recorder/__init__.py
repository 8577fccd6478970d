"""Reporting events (events.k8s.io/v1): what happened to an object, for people, as ``kubectl get events`` shows it.

Under client-go's names (``tools/events``), with its series and, from ``tools/record``, its spam filter::

    async with EventBroadcaster(client) as broadcaster:
        recorder = broadcaster.new_recorder("example.com/database-operator")
        recorder.event(database, "Normal", "BackupDone", "Backup", "Wrote 3 GB to s3://backups", related=pod)

``event()`` neither waits nor raises. ``correlator`` has the rules by which events become series, without clock or
network; the broadcaster sends what it decides.
"""

from steersman.client.event_recorder.correlator import EventCorrelator, Series
from steersman.client.event_recorder.event import EventType, Reporter
from steersman.client.event_recorder.event_broadcaster import EventBroadcaster
from steersman.client.event_recorder.event_recorder import EventRecorder
from steersman.client.event_recorder.reference import ObjectReference, Regarding, reference
from steersman.client.event_recorder.spam_filter import SpamFilter

__all__ = [
    "EventBroadcaster",
    "EventCorrelator",
    "EventRecorder",
    "EventType",
    "ObjectReference",
    "Regarding",
    "Reporter",
    "Series",
    "SpamFilter",
    "reference",
]
