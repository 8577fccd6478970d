"""What is counted of auditing, under kube-apiserver's names, and told of in the log."""

import logging
import time
from collections.abc import Callable

from steersman.apiserver.metrics import Metrics

_logger = logging.getLogger(__name__)

SILENCE_SECONDS = 10.0
"""Between two lines in the log about events that were lost by the same backend."""


class AuditMetrics:
    """``clock`` is in seconds."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self.events = metrics.counter("apiserver_audit_event_total", "Audit events given to the backends.", ())
        self.rejected = metrics.counter(
            "apiserver_audit_requests_rejected_total", "Requests refused because they could not be audited.", ()
        )
        self.levels = metrics.counter(
            "apiserver_audit_level_total", "Requests by the level at which they are audited.", ("level",)
        )
        self.errors = metrics.counter(
            "apiserver_audit_error_total", "Audit events that were lost, by what lost them.", ("plugin",)
        )
        self.events.add((), 0)
        self.rejected.add((), 0)
        self._clock = clock
        self._quiet_until: dict[str, float] = {}

    def too_large(self, number: int) -> None:
        """Count events that were not recorded for their size."""
        if number:
            self.lost("truncate", number, "too large, even without their objects")

    def lost(self, plugin: str, number: int, why: str) -> None:
        """Count events that were not recorded, and tell so once in a while."""
        self.errors.add((plugin,), number)
        now = self._clock()
        if now >= self._quiet_until.get(plugin, now):
            self._quiet_until[plugin] = now + SILENCE_SECONDS
            total = self.errors.values[plugin,]
            _logger.error("audit %s: %d events lost, %d in all: %s", plugin, number, total, why)
