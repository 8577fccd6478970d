"""Whether a store may have objects that wait for initializers, and so are to be hidden."""

import contextlib

from steersman.storage.store import CompareFailed, Store

_MARK = "/steersman/initializers"
"""The key that says that a store has had objects that wait; not among the objects, which lie elsewhere."""


async def has_held(store: Store, enabled: bool) -> bool:
    """Whether something in ``store`` may wait for initializers: if they are ``enabled``, or ever were.

    What was hidden is to stay hidden when they are turned off, and a store that never had them has nothing to hide.
    """
    found = await store.get(_MARK) is not None
    if enabled and not found:
        # Another replica may be at it too.
        with contextlib.suppress(CompareFailed):
            await store.put(_MARK, b"", 0)
    return enabled or found
