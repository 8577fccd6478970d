"""The audit of a control plane: its policy file, and the backends that are asked for."""

import logging
from pathlib import Path

from msgspec import Struct

from steersman.apiserver.audit.audit_metrics import AuditMetrics
from steersman.apiserver.audit.auditing import Auditing
from steersman.apiserver.audit.backend import BATCH, BLOCKING, Backend, Batching
from steersman.apiserver.audit.event_encoding import EventEncoder, Truncation
from steersman.apiserver.audit.log_file import LogFile, Rotation
from steersman.apiserver.audit.log_sink import FORMATS, JSON, LogSink
from steersman.apiserver.audit.policy import PolicyEvaluator
from steersman.apiserver.audit.policy_file import load_policy
from steersman.apiserver.audit.webhook_sink import NotSent, WebhookSink
from steersman.apiserver.handlers.negotiation import Decoders
from steersman.apiserver.metrics import Metrics
from steersman.controlplane.kubeconfig_server import KubeconfigServer, PostFailed

_logger = logging.getLogger(__name__)


class LogOptions(Struct, frozen=True):
    """``path`` ``-`` is the standard output; ``form`` is json or legacy. Raises ValueError."""

    path: Path
    form: str = JSON
    rotation: Rotation = Rotation()
    batching: Batching = Batching(BLOCKING, max_wait=1.0)
    truncation: Truncation = Truncation()

    def __post_init__(self) -> None:
        if self.form not in FORMATS:
            raise ValueError(f"{self.form!r} is no format of audit logs: choose one of {', '.join(FORMATS)}")


class WebhookOptions(Struct, frozen=True):
    """``config`` is a kubeconfig file; a list that is not taken is sent again after ``initial_backoff`` seconds."""

    config: Path
    initial_backoff: float = 10.0
    batching: Batching = Batching(BATCH)
    truncation: Truncation = Truncation()


class AuditOptions(Struct, frozen=True):
    """Nothing is audited without a policy file, and nothing without a backend."""

    policy_file: Path | None = None
    log: LogOptions | None = None
    webhook: WebhookOptions | None = None


class Audit:
    """Raises ValueError, with one line, for files that cannot be used."""

    def __init__(self, options: AuditOptions) -> None:
        self._policy = PolicyEvaluator(load_policy(options.policy_file)) if options.policy_file is not None else None
        self._log, self._webhook = options.log, options.webhook
        self._server = KubeconfigServer(options.webhook.config) if options.webhook is not None else None
        if self._policy is None and (self._log or self._webhook):
            _logger.warning("there is no audit policy file: nothing is audited")

    async def start(self, metrics: Metrics, decoders: Decoders) -> Auditing | None:
        """None where nothing is audited. Raises OSError for a log file that cannot be written."""
        if self._policy is None:
            return None
        counted = AuditMetrics(metrics)
        backends: list[Backend] = []
        if (log := self._log) is not None:
            encoder = EventEncoder(decoders, log.truncation)
            sink = LogSink(LogFile(log.path, log.rotation), encoder, log.form, counted)
            backends.append(Backend(sink, log.batching, counted))
        if (webhook := self._webhook) is not None and self._server is not None:
            encoder = EventEncoder(decoders, webhook.truncation)
            most = webhook.truncation.max_batch_size if webhook.truncation.enabled else 0
            sender = WebhookSink(self._post, self._server.close, encoder, counted, webhook.initial_backoff, most)
            backends.append(Backend(sender, webhook.batching, counted))
        if not backends:
            return None
        auditing = Auditing(self._policy, backends, counted)
        await auditing.open()
        return auditing

    async def _post(self, body: bytes) -> None:
        assert self._server is not None
        try:
            await self._server.post(body)
        except PostFailed as failure:
            raise NotSent(str(failure)) from None
