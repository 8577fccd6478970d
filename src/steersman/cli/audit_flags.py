"""Flags of ``serve`` that say what is audited, and where that is written, as those of kube-apiserver do."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

if TYPE_CHECKING:
    from steersman.controlplane.audit import AuditOptions, LogOptions, WebhookOptions

_MODES = "batch, blocking, or blocking-strict."

PolicyFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The audit Policy: what is kept of which requests.", show_default="no audit"),
]
LogPath = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where audit events are written; - is stdout.", show_default="none")
]
LogFormat = Annotated[str, typer.Option(metavar="FORMAT", help="Of the audit log: json or legacy.")]
LogMaxAge = Annotated[int, typer.Option(metavar="DAYS", min=0, help="Old audit logs are kept so long; 0: always.")]
LogMaxBackup = Annotated[int, typer.Option(metavar="N", min=0, help="Old audit logs that are kept; 0: all.")]
LogMaxSize = Annotated[int, typer.Option(metavar="MIB", min=0, help="When a new audit log is begun; 0: never.")]
Mode = Annotated[str, typer.Option(metavar="MODE", help=f"Whether requests wait for their events: {_MODES}")]
BufferSize = Annotated[int, typer.Option(metavar="N", min=1, help="Events that wait to be written at most.")]
BatchSize = Annotated[int, typer.Option(metavar="N", min=1, help="Events in a batch at most.")]
BatchWait = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="When a batch that is not full is written.")]
Truncate = Annotated[bool, typer.Option(help="Leave the objects out of audit events that are too large.")]
EventSize = Annotated[int, typer.Option(metavar="BYTES", min=1, help="Of an audit event, with truncation.")]
ListSize = Annotated[int, typer.Option(metavar="BYTES", min=1, help="Of the events sent together, with truncation.")]
WebhookConfig = Annotated[
    Path | None,
    typer.Option(metavar="KUBECONFIG", help="The server that audit events are sent to.", show_default="none"),
]
Backoff = Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Before events are sent a second time.")]


# Every start pays for a flag set: this one has what it needs, in a third of the time.
@dataclass(repr=False, eq=False)
class AuditFlags:
    """A field for each flag, named as it; times in seconds."""

    PANEL: ClassVar = "Audit"

    audit_policy_file: PolicyFile = None
    audit_log_path: LogPath = None
    audit_log_format: LogFormat = "json"
    audit_log_maxage: LogMaxAge = 366
    audit_log_maxbackup: LogMaxBackup = 100
    audit_log_maxsize: LogMaxSize = 100
    audit_log_mode: Mode = "blocking"
    audit_log_batch_buffer_size: BufferSize = 10_000
    audit_log_batch_max_size: BatchSize = 400
    audit_log_batch_max_wait: BatchWait = 1.0
    audit_log_truncate_enabled: Truncate = False
    audit_log_truncate_max_event_size: EventSize = 100 << 10
    audit_webhook_config_file: WebhookConfig = None
    audit_webhook_mode: Mode = "batch"
    audit_webhook_batch_buffer_size: BufferSize = 10_000
    audit_webhook_batch_max_size: BatchSize = 400
    audit_webhook_batch_max_wait: BatchWait = 30.0
    audit_webhook_initial_backoff: Backoff = 10.0
    audit_webhook_truncate_enabled: Truncate = False
    audit_webhook_truncate_max_event_size: EventSize = 100 << 10
    audit_webhook_truncate_max_batch_size: ListSize = 10 << 20

    def options(self) -> "AuditOptions | None":
        """None where nothing is asked for. Raises ValueError for flags that cannot be, or not together."""
        if self.audit_policy_file is None and self.audit_log_path is None and self.audit_webhook_config_file is None:
            return None
        # Imported for those who audit: every other server starts sooner.
        from steersman.controlplane.audit import AuditOptions

        return AuditOptions(self.audit_policy_file, self._log(), self._webhook())

    def _log(self) -> "LogOptions | None":
        if self.audit_log_path is None:
            return None
        from steersman.apiserver.audit.backend import Batching
        from steersman.apiserver.audit.event_encoding import Truncation
        from steersman.apiserver.audit.log_file import Rotation
        from steersman.controlplane.audit import LogOptions

        return LogOptions(
            self.audit_log_path,
            self.audit_log_format,
            Rotation(self.audit_log_maxsize << 20, self.audit_log_maxage, self.audit_log_maxbackup),
            Batching(
                self.audit_log_mode,
                self.audit_log_batch_buffer_size,
                self.audit_log_batch_max_size,
                self.audit_log_batch_max_wait,
            ),
            Truncation(self.audit_log_truncate_enabled, self.audit_log_truncate_max_event_size),
        )

    def _webhook(self) -> "WebhookOptions | None":
        if self.audit_webhook_config_file is None:
            return None
        from steersman.apiserver.audit.backend import Batching
        from steersman.apiserver.audit.event_encoding import Truncation
        from steersman.controlplane.audit import WebhookOptions

        return WebhookOptions(
            self.audit_webhook_config_file,
            self.audit_webhook_initial_backoff,
            Batching(
                self.audit_webhook_mode,
                self.audit_webhook_batch_buffer_size,
                self.audit_webhook_batch_max_size,
                self.audit_webhook_batch_max_wait,
            ),
            Truncation(
                self.audit_webhook_truncate_enabled,
                self.audit_webhook_truncate_max_event_size,
                self.audit_webhook_truncate_max_batch_size,
            ),
        )
