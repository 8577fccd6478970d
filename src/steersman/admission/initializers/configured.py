"""The initializers that are configured now, as the server's own cache has them."""

from collections.abc import Sequence

from steersman.admission.initializers.configuration import CONFIGURATIONS, InitializerIndex, compile_index
from steersman.apiserver.registry.reader import ObjectReader
from steersman.storage.watch_cache import Cacher, Change

_NONE = InitializerIndex()


class ConfiguredInitializers:
    """Compiles the InitializerConfigurations whenever one has changed and somebody asks."""

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects
        self._cacher: Cacher | None = None
        self._index: InitializerIndex | None = None

    def at_once(self) -> InitializerIndex | None:
        """What is configured; None where the cache has to be filled first."""
        cacher = self._objects.cacher(CONFIGURATIONS)
        if cacher is None:
            return _NONE
        if not cacher.ready:
            return None
        if cacher is not self._cacher:
            cacher.subscribe(self._forget)
            self._cacher, self._index = cacher, None
        if self._index is None:
            self._index = compile_index(entry.parsed() for entry in cacher.list()[0])
        return self._index

    async def current(self) -> InitializerIndex:
        """What is configured, once that is known."""
        while (index := self.at_once()) is None:
            await self._objects.ready(CONFIGURATIONS)
        return index

    def _forget(self, _: Sequence[Change]) -> None:
        self._index = None
