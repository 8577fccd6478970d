"""Informers: caches that keep themselves as the server is, and tell of every change.

A controller does not ask the server what there is, again and again. It has an informer per kind, which lists once and
then watches; it reads objects from the informer's indexed store, and learns from event handlers what to look at. The
names and the guarantees are those of client-go's ``tools/cache``:

- ``SharedInformer``: the store, and the event handlers that are told of its changes.
- ``SharedInformerFactory``: one informer for each kind, for all parts of a program.
- ``ListWatch``: which objects; a kind in a namespace or all, narrowed by label and field selectors.
- ``Reflector``: lists, watches, and takes it up again after whatever goes wrong.
- ``ResourceEventHandlerFuncs``, ``FilteringResourceEventHandler``: event handlers.

What is promised: the store ends up as the server is, through cuts, expired versions and restarts. The states that a
store and a handler see of an object are some of those that it had, in their order, and the last of them always. A
deletion that nobody watched is told by a tombstone, ``DeletedFinalStateUnknown``. Handlers that wait or fail hold up
nobody else. Objects are shared and read-only::

    pods = ListWatch(client.resource(PODS), field_selector="status.phase=Running")
    informer = SharedInformer(pods, indexers={"node": lambda pod: [pod["spec"]["nodeName"]]})
    informer.add_event_handler(ResourceEventHandlerFuncs(on_add=lambda pod, _: queue.add(pod.key)))
    async with informer:
        await informer.wait_for_sync()
        on_this_node = informer.indexer.by_index("node", "worker-1")
"""

from steersman.client.informer.cache_sync import HasSynced, InformerStopped, wait_for_cache_sync
from steersman.client.informer.list_options import ListOptions, TweakListOptions
from steersman.client.informer.list_watch import ListerWatcher, ListWatch, ResourceAccess, RestResource
from steersman.client.informer.reflector import (
    Reflector,
    ReflectorStore,
    Timing,
    WatchErrorHandler,
    default_watch_error_handler,
)
from steersman.client.informer.resource_event_handler import (
    FilteringResourceEventHandler,
    ResourceEventHandler,
    ResourceEventHandlerFuncs,
)
from steersman.client.informer.shared_informer import ResourceEventHandlerRegistration, SharedInformer
from steersman.client.informer.shared_informer_factory import SharedInformerFactory

__all__ = [
    "FilteringResourceEventHandler",
    "HasSynced",
    "InformerStopped",
    "ListOptions",
    "ListWatch",
    "ListerWatcher",
    "Reflector",
    "ReflectorStore",
    "ResourceAccess",
    "ResourceEventHandler",
    "ResourceEventHandlerFuncs",
    "ResourceEventHandlerRegistration",
    "RestResource",
    "SharedInformer",
    "SharedInformerFactory",
    "Timing",
    "TweakListOptions",
    "WatchErrorHandler",
    "default_watch_error_handler",
    "wait_for_cache_sync",
]
