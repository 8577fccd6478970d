"""Plugins in order, and a write's way through them."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from msgspec import Struct

from steersman.apimachinery.errors import ApiError, internal_error
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission.attributes import Attributes
from steersman.apiserver.admission.plugin import AdmissionPlugin, MutationPlugin, ValidationPlugin
from steersman.apiserver.metric_family import Histogram
from steersman.apiserver.metrics import Metrics
from steersman.storage.store import StoreClosed

_logger = logging.getLogger(__name__)

Look = Callable[[Attributes], Awaitable[None] | None]

ADMIT, VALIDATE = "admit", "validate"
BUCKETS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5)
"""Upper bounds in seconds, those of kube-apiserver."""


class ChainMetrics:
    """What the chain counts, under kube-apiserver's names; a label set each for accepted and rejected."""

    __slots__ = ("plugins", "steps")

    def __init__(self, metrics: Metrics) -> None:
        self.plugins: Histogram = metrics.histogram(
            "apiserver_admission_controller_admission_duration_seconds",
            "Time that an admission plugin took.",
            ("name", "operation", "rejected", "type"),
            BUCKETS,
        )
        self.steps: Histogram = metrics.histogram(
            "apiserver_admission_step_admission_duration_seconds",
            "Time that all plugins of a phase took.",
            ("operation", "rejected", "type"),
            BUCKETS,
        )


class Steps(Struct, frozen=True):
    """The plugins that look at one operation on one resource, of one state of the chain."""

    mutators: tuple[tuple[str, Look], ...]
    validators: tuple[tuple[str, Look], ...]
    metrics: ChainMetrics
    state: "_State"
    """Kept by whoever goes these steps: its plugins stay open as long."""

    async def admit(self, attributes: Attributes) -> None:
        """The mutating phase. Raises ApiError of the first plugin that refuses."""
        if not self.mutators:
            return
        await self._phase(self.mutators, attributes, ADMIT)
        if attributes.wants_reinvocation:
            attributes.reinvoked = True
            await self._phase(self.mutators, attributes, ADMIT)

    async def validate(self, attributes: Attributes) -> None:
        """The validating phase. Raises ApiError of the first plugin that refuses."""
        if self.validators:
            await self._phase(self.validators, attributes, VALIDATE)

    async def _phase(self, looks: Sequence[tuple[str, Look]], attributes: Attributes, phase: str) -> None:
        operation, observe = attributes.operation, self.metrics.plugins.observe
        if attributes.trace is not None:
            from steersman.apiserver.admission.tracing import traced

            looks = traced(looks, phase)
        started = before = monotonic()
        rejected, name = "true", ""
        try:
            for name, look in looks:
                pending = look(attributes)
                if pending is not None:
                    await pending
                now = monotonic()
                observe((name, operation, "false", phase), now - before)
                before = now
            rejected = "false"
        except ApiError:
            observe((name, operation, "true", phase), monotonic() - before)
            raise
        except StoreClosed:
            # Not the plugin's failure: the server is stopping.
            raise
        except Exception as error:
            _logger.exception("admission plugin %s failed", name)
            raise crashed(name, phase, operation) from error
        finally:
            self.metrics.steps.observe((operation, rejected, phase), monotonic() - started)


def crashed(plugin: str, phase: str, operation: str) -> ApiError:
    """500 for a plugin that failed otherwise than by refusing."""
    return internal_error(f'admission plugin "{plugin}" failed to complete {phase} in {operation}')


class _State:
    """Lives as long as the chain is in this state, or a request goes the steps of it; ``released`` is called then."""

    # A weakref.finalize would do it too, but what it calls is held until then, and with it the whole server, which
    # has this: a server that has stopped would never be freed.
    __slots__ = ("_released",)

    def __init__(self, released: Callable[[], None] | None) -> None:
        self._released = released

    def __del__(self) -> None:
        if self._released is not None:
            self._released()


class AdmissionChain:
    """Which plugins look at a request: found once for each operation and resource, and kept until the chain changes."""

    def __init__(
        self,
        metrics: ChainMetrics,
        plugins: Sequence[AdmissionPlugin] = (),
        exempt: frozenset[GroupResource] = frozenset(),
    ) -> None:
        """``exempt`` are resources that no plugin is asked about."""
        self.metrics = metrics
        self.plugins: tuple[AdmissionPlugin, ...] = ()
        self._exempt = exempt
        self._steps: dict[tuple[str, GroupResource], Steps] = {}
        self.install(plugins)

    def install(self, plugins: Sequence[AdmissionPlugin], released: Callable[[], None] | None = None) -> None:
        """Make these the chain, in this order, for every request that starts from now on.

        ``released`` is called, in any thread, when another chain has been installed and the last request that began
        before is over. Raises ValueError for what ``check_plugins`` refuses; then the chain stays as it is.
        """
        check_plugins(plugins)
        self.plugins, self._steps, self._state = tuple(plugins), {}, _State(released)

    def steps(self, operation: str, resource: GroupResource) -> Steps:
        """What a request goes through from its start to its end, whatever becomes of the chain meanwhile."""
        steps = self._steps.get((operation, resource))
        if steps is None:
            steps = self._steps[operation, resource] = self._select(operation, resource)
        return steps

    def _select(self, operation: str, resource: GroupResource) -> Steps:
        plugins = () if resource in self._exempt else self.plugins
        asked = [
            plugin
            for plugin in plugins
            if operation in plugin.operations and (plugin.resources is None or resource in plugin.resources)
        ]
        return Steps(
            tuple((plugin.name, plugin.admit) for plugin in asked if isinstance(plugin, MutationPlugin)),
            tuple((plugin.name, plugin.validate) for plugin in asked if isinstance(plugin, ValidationPlugin)),
            self.metrics,
            self._state,
        )


def check_plugins(plugins: Sequence[AdmissionPlugin]) -> None:
    """Raises ValueError for a plugin with neither phase, and for two of one name."""
    names = [plugin.name for plugin in plugins]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"admission plugins stand twice: {', '.join(doubled)}")
    for plugin in plugins:
        if not isinstance(plugin, MutationPlugin | ValidationPlugin):
            raise ValueError(f"admission plugin {plugin.name} has neither admit nor validate")
