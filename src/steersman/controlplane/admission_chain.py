"""The admission chain as it is stored: put in force when the server starts, and whenever somebody changes it.

The AdmissionChain ``default`` is followed through the watch cache: in the turn of the loop in which the cache comes to
show a revision, the chain of this revision is in force. docs/decisions/0017-a-chain-that-changes-while-serving.md
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from steersman.admission.chain_settings import FROM_FLAGS, Settings, digest, read_settings, spec_of
from steersman.admission.plugin_pool import PluginPool
from steersman.admission.selection import AdmissionOptions, settings_of
from steersman.apimachinery.errors import ApiError, invalid
from steersman.apimachinery.group_version import GroupResource
from steersman.apis.admission_chains import CHAIN, CHAINS, THE_CHAIN, admission_resources
from steersman.apis.builtin import Definitions
from steersman.apiserver.admission import AdmissionChain, Attributes, ChainMetrics
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.health import Health
from steersman.apiserver.registry.lifecycle import WriteCheck
from steersman.apiserver.registry.resource import Object, Resource
from steersman.apiserver.registry.write_options import WriteOptions
from steersman.storage.store import StoreClosed
from steersman.storage.watch_cache import Change, Entry

if TYPE_CHECKING:
    from steersman.admission.plugin_status import PluginStatus

_logger = logging.getLogger(__name__)


class StoredChain:
    """``admission`` is the chain that requests go through: empty until :meth:`start`, then that which is stored.

    Writes of AdmissionChains themselves pass no plugin: what refuses everything could not be undone otherwise.
    """

    def __init__(self, options: AdmissionOptions, definitions: Definitions, metrics: ChainMetrics) -> None:
        self.admission = AdmissionChain(metrics, exempt=frozenset((CHAINS,)))
        self._chains, self._plugins = admission_resources(definitions, lambda: self._status.objects(self._revision))
        self._options = options
        self._flags: Settings = ()
        self._revision = 0
        self._problem: str | None = None
        self._again: asyncio.Task[None] | None = None

    @property
    def resources(self) -> list[Resource]:
        """What is to be served: the chain, and its plugins as they run."""
        return [self._chains, self._plugins]

    def checks(self) -> Mapping[GroupResource, WriteCheck]:
        """What looks at the writes of AdmissionChains."""
        return {CHAINS: self._check}

    async def start(self, context: PluginContext, health: Health, stack: contextlib.AsyncExitStack) -> None:
        """Put the chain in force that is stored, or that of the flags, and follow it; ``stack`` ends that.

        Raises ValueError, in one line, for flags that are wrong, and for a stored chain that cannot be made here.
        """
        self._lifecycle = context.lifecycle
        self._flags = settings_of(self._options)
        self._pool = PluginPool(self.admission, context, self._options.extra)
        stack.push_async_callback(self._stop)
        cacher = await self._lifecycle.cacher(self._chains)
        entry = cacher.get("", THE_CHAIN)
        if entry is None or self._may_be_replaced(entry.parsed()):
            self._pool.install(self._flags)
        else:
            self._start_edited(entry)
        stack.callback(cacher.subscribe(self._changed))
        if entry is None or self._rewritten(chain := entry.parsed()) is not chain:
            await self._store_flags(entry)
        else:
            self._revision = entry.revision
        if self._problem is not None:
            raise ValueError(self._problem)
        health.add("admission-chain", lambda: self._problem, ("readyz",))

    def _may_be_replaced(self, chain: Object) -> bool:
        """Whether nobody has edited the chain since flags gave it, or that shall not count."""
        return self._options.reset or _is_from_flags(chain)

    def _start_edited(self, entry: Entry) -> None:
        """What somebody has made of the chain goes before what the flags say."""
        try:
            self._install_stored(entry)
        except ValueError as error:
            told = (
                f"the stored AdmissionChain cannot be put in force: {error} (--reset-admission-chain does without it)"
            )
            raise ValueError(told) from error
        if _annotation(entry.parsed()) not in (None, digest(self._flags)):
            _logger.warning(
                "the admission flags have changed, and so has the stored AdmissionChain, which is in force; "
                "delete it, or start with --reset-admission-chain, to have the chain of the flags"
            )

    def _install_stored(self, entry: Entry) -> None:
        self._pool.install(read_settings(entry.parsed()))
        self._revision = entry.revision

    async def _store_flags(self, present: Entry | None) -> None:
        """Make the object of the flags, or rewrite the one that is there. Another replica may be at it too."""
        options = WriteOptions(SERVER)
        try:
            if present is None:
                await self._lifecycle.create(self._chains, "", self._object(), options)
            else:
                await self._lifecycle.update(self._chains, "", THE_CHAIN, self._rewritten, options)
        except ApiError as error:
            if error.reason not in ("AlreadyExists", "Conflict", "NotFound"):
                raise ValueError(f"the admission chain of the flags cannot be stored: {error}") from error

    def _object(self) -> Object:
        annotations = {FROM_FLAGS: digest(self._flags)}
        return {"metadata": {"name": THE_CHAIN, "annotations": annotations}, "spec": spec_of(self._flags)}

    def _rewritten(self, live: Object) -> Object:
        """The chain as the flags have it; ``live`` itself where it is that, or not to be touched."""
        wanted = digest(self._flags)
        if not self._may_be_replaced(live) or (_is_from_flags(live) and _annotation(live) == wanted):
            return live
        annotations = {**(live["metadata"].get("annotations") or {}), FROM_FLAGS: wanted}
        return {**live, "metadata": {**live["metadata"], "annotations": annotations}, "spec": spec_of(self._flags)}

    def _changed(self, changes: Sequence[Change]) -> None:
        """Called in the turn of the loop in which the cache changes: no request begins in between."""
        last = next((change for change in reversed(changes) if change.entry.name == THE_CHAIN), None)
        if last is None:
            return
        try:
            if last.deleted:
                self._pool.install(self._flags)
                self._revision = 0
                self._again = asyncio.create_task(self._make_again())
            else:
                self._install_stored(last.entry)
            self._problem = None
        except ValueError as error:
            self._problem = f"the AdmissionChain of resourceVersion {last.entry.revision} is not in force: {error}"
            _logger.error("%s; the one before stays", self._problem)

    async def _make_again(self) -> None:
        try:
            await self._store_flags(None)
        except StoreClosed:
            return
        except ValueError as error:
            _logger.error("%s", error)

    async def _check(self, attributes: Attributes) -> None:
        """Raises Invalid for a chain that could not be put in force."""
        # Imported for those who write one: a server starts sooner.
        from steersman.admission.chain_validation import chain_errors

        try:
            settings = read_settings(attributes.object or {})
        except ValueError:
            # The kind's schema says better what is missing.
            return
        made = contextlib.ExitStack()

        async def settle(is_committed: bool) -> None:
            """The plugins have been installed by now, where the chain was stored."""
            made.close()

        attributes.on_settled.append(settle)
        if errors := chain_errors(settings, self._pool, made):
            raise invalid(CHAIN, attributes.name, errors)

    @cached_property
    def _status(self) -> "PluginStatus":
        # Imported for the first who asks: looking for the plugins of other packages takes time.
        from steersman.admission.plugin_status import PluginStatus

        return PluginStatus(self.admission, self._pool.known_names())

    async def _stop(self) -> None:
        if self._again is not None:
            self._again.cancel()
        await self._pool.close()


def _annotation(chain: Object) -> str | None:
    annotation: str | None = (chain["metadata"].get("annotations") or {}).get(FROM_FLAGS)
    return annotation


def _is_from_flags(chain: Object) -> bool:
    """Whether nobody has edited the chain since flags gave it."""
    try:
        return _annotation(chain) == digest(read_settings(chain))
    except ValueError:
        return False
