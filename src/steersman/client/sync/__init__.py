"""The client for scripts and threads: the same verbs, without ``await``.

::

    with SyncClient(load_config()) as client:
        pods = client.resource(PODS)
        for pod in pods.list(namespace=ALL_NAMESPACES):
            print(pod["metadata"]["name"])
        with pods.watch() as events:
            for event in events: ...

It is a shell over :mod:`steersman.client`: each call runs the asynchronous one in an event loop in a thread of its own,
and waits for it. Any number of threads may use one client. Ctrl-C gives up the call that the main thread waits for.
"""

from steersman.client.sync.client import SyncClient
from steersman.client.sync.iteration import SyncListing, SyncWatch
from steersman.client.sync.loop_thread import LoopThread
from steersman.client.sync.resource_client import SyncResourceClient

__all__ = ["LoopThread", "SyncClient", "SyncListing", "SyncResourceClient", "SyncWatch"]
