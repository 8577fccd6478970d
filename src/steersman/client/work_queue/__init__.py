"""Work queues: what has still to be looked at, each thing once, and by one worker at a time.

A controller does not work through changes. A change only says *that* an object has to be looked at; what to do follows
from the object's latest state. So event handlers put an object's key (any hashable value, as a rule a namespace and a
name) into a work queue, and workers take keys out, compare what is with what should be, and act. The queue makes this
safe, under the names and with the guarantees of client-go's ``util/workqueue``:

- **Each once.** A key that is added ten times before a worker gets to it is worked on once.
- **Never twice at once.** However many workers there are, a key that one of them has is not handed to another.
- **None lost.** A key that is added while a worker has it is handed out again when that worker is ``done`` with it, for
  the worker may have looked before the change came.
- **Fair.** Keys are handed out in the order in which they were added, and to the worker that has waited longest.
- **Stoppable.** After ``shut_down`` nothing is taken in any more; what is queued is still handed out, then workers are
  told to stop. ``shut_down_with_drain`` also waits until all of it is done.

Whoever gets an item must say ``done``, whatever came of the work::

    async for item in queue:            # ends when the queue is shut down
        try:
            await reconcile(item)
        except Exception:
            queue.add_rate_limited(item)    # again, later, and each time later still
        else:
            queue.forget(item)              # it went well: the next failure starts from the shortest delay
        finally:
            queue.done(item)

``async with queue.processing() as item`` gets one item and says ``done`` at the end.

The kinds of queue, each of which can do what those before it can:

- ``Queue``: first in, first out.
- ``DelayingQueue``: ``add_after`` adds an item when some seconds have passed; the earliest of several times counts.
- ``RateLimitingQueue``: ``add_rate_limited`` lets a rate limiter say after how many seconds. A rate limiter keeps count
  of an item's failures until it is told to ``forget`` the item. ``default_controller_rate_limiter`` is the one that
  controllers have: 5 ms, doubled by each failure up to 1000 s, and over all items 10 a second after the first 100.
- ``PriorityQueue``: higher priority first, as controller-runtime's. What a controller finds at its start can then wait
  behind what changes now.

The rules are plain objects that know neither clock nor event loop (``FifoBacklog``, ``DelayingFifoBacklog``,
``PriorityBacklog``); the queues add waiting and one timer. A queue belongs to one event loop: from another thread, go
through ``loop.call_soon_threadsafe(queue.add, item)``.
"""

from steersman.client.work_queue.backlog import Backlog, DelayingBacklog
from steersman.client.work_queue.delaying_queue import DelayingQueue
from steersman.client.work_queue.fifo_backlog import DelayingFifoBacklog, FifoBacklog
from steersman.client.work_queue.metrics import (
    CounterMetric,
    GaugeMetric,
    HistogramMetric,
    MetricsProvider,
    SettableGaugeMetric,
)
from steersman.client.work_queue.priority_backlog import PriorityBacklog
from steersman.client.work_queue.priority_queue import PriorityQueue
from steersman.client.work_queue.queue import Queue, ShutDown
from steersman.client.work_queue.rate_limiter import (
    BucketRateLimiter,
    ItemExponentialFailureRateLimiter,
    ItemFastSlowRateLimiter,
    MaxOfRateLimiter,
    RateLimiter,
    WithMaxWaitRateLimiter,
    default_controller_rate_limiter,
)
from steersman.client.work_queue.rate_limiting_queue import RateLimitingQueue
from steersman.client.work_queue.token_bucket import TokenBucket

__all__ = [
    "Backlog",
    "BucketRateLimiter",
    "CounterMetric",
    "DelayingBacklog",
    "DelayingFifoBacklog",
    "DelayingQueue",
    "FifoBacklog",
    "GaugeMetric",
    "HistogramMetric",
    "ItemExponentialFailureRateLimiter",
    "ItemFastSlowRateLimiter",
    "MaxOfRateLimiter",
    "MetricsProvider",
    "PriorityBacklog",
    "PriorityQueue",
    "Queue",
    "RateLimiter",
    "RateLimitingQueue",
    "SettableGaugeMetric",
    "ShutDown",
    "TokenBucket",
    "WithMaxWaitRateLimiter",
    "default_controller_rate_limiter",
]
