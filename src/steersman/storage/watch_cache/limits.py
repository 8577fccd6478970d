"""Bounds of the watch cache."""

from msgspec import Struct

KIB, MIB = 1 << 10, 1 << 20


class Limits(Struct, frozen=True):
    """Bounds of the watch cache; times in seconds.

    ``window_changes``, ``window_bytes``: what is kept in memory of each resource's past.
    ``history``: how many revisions of the log are read at start, to know which resources did not change lately;
    ``history_wait``: how long the start waits for that.
    ``sink_bytes``: a watcher with more than this unsent is cut.
    ``slice_bytes``, ``drained_bytes``: an initial state goes out in slices, the next once fewer bytes are unsent.
    ``stall``: a watcher that takes nothing of its initial state for so long is cut.
    ``bookmark_interval``, ``bookmark_lead``: how often bookmarks come, and how long before a watch's timeout one does.
    ``future``: how long a watch from a revision not yet seen waits for it.
    ``load_page``: how many objects are asked of the store at a time.
    """

    window_changes: int = 1024
    window_bytes: int = 4 * MIB
    history: int = 1024
    history_wait: float = 0.25
    sink_bytes: int = 4 * MIB
    slice_bytes: int = 256 * KIB
    drained_bytes: int = MIB
    stall: float = 30.0
    bookmark_interval: float = 60.0
    bookmark_lead: float = 2.0
    future: float = 3.0
    load_page: int = 10_000
