"""The plugins of a chain that changes: made when a chain first needs them, kept as long as one does, then closed.

A plugin stays the same from one chain to the next if its name and its configuration do: its buckets, caches and
connections survive. One that the chain has no longer is closed when the last request is over that began with it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from steersman.admission import catalog
from steersman.admission.chain_settings import PluginSetting, Settings
from steersman.apiserver.admission import AdmissionChain, AdmissionPlugin, Closeable
from steersman.apiserver.admission.chain import check_plugins
from steersman.apiserver.admission.context import PluginContext

INITIALIZERS = "Initializers"
"""The plugin that changes what is served, and so is there from the start or not at all."""

_logger = logging.getLogger(__name__)


class CannotMake(ValueError):
    """Which plugin of a chain cannot be made, and why: ``field`` is the one of its setting that is wrong."""

    def __init__(self, at: int, field: str, why: str) -> None:
        super().__init__(why)
        self.at, self.field = at, field


class _Held:
    """A plugin, and how many states of the chain have it: that in force, and former ones that requests still use."""

    __slots__ = ("chains", "key", "plugin")

    def __init__(self, key: tuple[str, bytes], plugin: AdmissionPlugin) -> None:
        self.key, self.plugin, self.chains = key, plugin, 0


class PluginPool:
    """``extra`` are plugins that were made by somebody else: they are closed only with the pool."""

    def __init__(self, chain: AdmissionChain, context: PluginContext, extra: Sequence[AdmissionPlugin] = ()) -> None:
        self._chain, self._context = chain, context
        self._extra: Mapping[str, AdmissionPlugin] = {plugin.name: plugin for plugin in extra}
        self._held: dict[tuple[str, bytes], _Held] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._ended = False

    def install(self, settings: Settings) -> None:
        """Make the chain of ``settings`` the one in force, all of it at once.

        Raises CannotMake, in one line, and ValueError for two of one name; then the chain stays as it is.
        """
        with contextlib.ExitStack() as unless_installed:
            wanted = [self._hold(at, one, unless_installed) for at, one in enumerate(settings) if one.enabled]
            plugins = tuple(held.plugin for held in wanted)
            if [*map(id, plugins)] != [*map(id, self._chain.plugins)]:
                self._chain.install(plugins, partial(self._released, wanted))
                for held in wanted:
                    held.chains += 1
            unless_installed.pop_all()

    def try_out(self, settings: Settings, made: contextlib.ExitStack) -> list[CannotMake]:
        """What keeps the chain of ``settings`` from being made.

        What was made to find out is at hand to be installed until ``made`` is closed; then it is closed itself, unless
        it has been.
        """
        wrong: list[CannotMake] = []
        for at, setting in enumerate(settings):
            if setting.enabled:
                try:
                    self._hold(at, setting, made)
                except CannotMake as error:
                    wrong.append(error)
        return wrong

    def known_names(self) -> list[str]:
        """All plugins that can be had."""
        return list(dict.fromkeys((*catalog.known_names(), *self._extra)))

    def is_at_hand(self, name: str) -> bool:
        """Whether other packages need not be looked through to know that there is this plugin."""
        return name in self._extra or catalog.is_ours(name) or any(name == of for of, _ in self._held)

    async def close(self) -> None:
        """Close what is left: no request is served any more."""
        self._ended = True
        plugins = (*(held.plugin for held in self._held.values()), *self._extra.values())
        self._held.clear()
        for plugin in {id(one): one for one in plugins}.values():
            await _close(plugin)
        if self._closing:
            await asyncio.wait(self._closing)

    def _hold(self, at: int, setting: PluginSetting, stack: contextlib.ExitStack) -> _Held:
        """The plugin of the setting at this place. What is new is given up with ``stack``, unless it is used."""
        held = self._held.get(setting.key)
        if held is None:
            held = self._held[setting.key] = _Held(setting.key, self._make(at, setting))
            stack.callback(self._give_up, held)
            if held.plugin.name != setting.name:
                raise CannotMake(at, "name", f'admission plugin "{setting.name}" calls itself "{held.plugin.name}"')
            try:
                check_plugins([held.plugin])
            except ValueError as error:
                raise CannotMake(at, "name", str(error)) from None
        return held

    def _make(self, at: int, setting: PluginSetting) -> AdmissionPlugin:
        name, configuration = setting.name, setting.configuration
        if name in self._extra:
            if configuration:
                raise CannotMake(at, "configuration", f"{name} takes no configuration: it was made before the server")
            return self._extra[name]
        if not catalog.is_known(name):
            raise CannotMake(at, "name", f'admission plugin "{name}" is unknown')
        if name == INITIALIZERS and not self._context.lifecycle.initialization.enabled:
            why = f"{name} changes what is served: start the server with --enable-admission-plugins {name} to have it"
            raise CannotMake(at, "enabled", why)
        try:
            return catalog.factory(name).create(self._context, configuration)
        except ValueError as error:
            raise CannotMake(at, "configuration", str(error)) from error
        except Exception as error:
            # Nobody foresaw such a configuration: the one who wrote it is told all the same.
            _logger.exception("admission plugin %s cannot be made", name)
            why = f'admission plugin "{name}" cannot be made: {type(error).__name__}: {" ".join(str(error).split())}'
            raise CannotMake(at, "configuration", why) from error

    def _released(self, former: Iterable[_Held]) -> None:
        """Called in any thread."""
        if not self._ended:
            with contextlib.suppress(RuntimeError):
                # Raised where the loop has ended, and everything with it.
                self._loop.call_soon_threadsafe(self._let_go, former)

    def _let_go(self, former: Iterable[_Held]) -> None:
        for held in former:
            held.chains -= 1
            if not held.chains:
                self._give_up(held)

    def _give_up(self, held: _Held) -> None:
        """Close it, unless somebody has come to need it, or has closed it."""
        if held.chains or self._held.get(held.key) is not held:
            return
        del self._held[held.key]
        if held.key[0] not in self._extra:
            task = self._loop.create_task(_close(held.plugin))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _close(plugin: AdmissionPlugin) -> None:
    if not isinstance(plugin, Closeable):
        return
    try:
        await plugin.close()
    except Exception:
        _logger.exception("admission plugin %s failed to close", plugin.name)
