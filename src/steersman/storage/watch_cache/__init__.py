"""The watch cache: each resource's objects as final JSON bytes, and the watches on them.

One watch on the store feeds :class:`WatchCache`, which hands each event to the :class:`Cacher` of its resource. A
cacher holds each object as an :class:`Entry`, encoded once, and the latest changes as a window. A client's watch has a
:class:`View` (what it sees) and a :class:`Sink` (where it goes); those with equal views share a channel, where each
event is filtered, encoded and framed once for all.
"""

from steersman.storage.watch_cache.cacher import Cacher, Listener
from steersman.storage.watch_cache.codec import Codec
from steersman.storage.watch_cache.entry import Change, Entry, Metadata, OwnerReference
from steersman.storage.watch_cache.limits import Limits
from steersman.storage.watch_cache.view import Sink, View
from steersman.storage.watch_cache.watch_cache import WatchCache

__all__ = [
    "Cacher",
    "Change",
    "Codec",
    "Entry",
    "Limits",
    "Listener",
    "Metadata",
    "OwnerReference",
    "Sink",
    "View",
    "WatchCache",
]
