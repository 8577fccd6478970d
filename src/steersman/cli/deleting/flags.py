"""The flags of ``delete``."""

from dataclasses import dataclass
from typing import Annotated

import typer

from steersman.cli.cluster.failure import UsageError

_PROPAGATION = {"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}
_DRY_RUNS = {"none": "", "client": " (dry run)", "server": " (server dry run)"}


@dataclass(frozen=True)
class DeleteFlags:
    """How to delete. ``grace_period`` is negative for the kind's own."""

    all: Annotated[bool, typer.Option("--all", help="All objects of the types.")] = False
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the objects are gone.")] = True
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="How long to wait.", show_default="for ever")
    ] = 0
    grace_period: Annotated[
        int,
        typer.Option("--grace-period", metavar="SECONDS", help="Time to end in.", show_default="that of the object"),
    ] = -1
    now: Annotated[bool, typer.Option("--now", help="A grace period of one second.")] = False
    force: Annotated[bool, typer.Option("--force", help="Without a grace period.")] = False
    cascade: Annotated[
        str,
        typer.Option("--cascade", metavar="background|foreground|orphan", help="What becomes of what it owns."),
    ] = "background"
    ignore_not_found: Annotated[bool, typer.Option("--ignore-not-found", help="What is not there is no error.")] = False
    dry_run: Annotated[
        str, typer.Option("--dry-run", metavar="none|client|server", help="Delete nothing: do all but that.")
    ] = "none"
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="name", help="Names only.", show_default="a message")
    ] = ""

    def check(self) -> None:
        """Raises UsageError."""
        if self.dry_run not in _DRY_RUNS:
            raise UsageError(f'Invalid dry-run value ({self.dry_run}). Must be "none", "server", or "client".')
        if self.cascade not in _PROPAGATION:
            raise UsageError(f'invalid cascade value ({self.cascade}). Must be "background", "foreground", or "orphan"')
        if self.output not in ("", "name"):
            raise UsageError(f"unexpected -o output mode: {self.output}. We only support '-o name'")
        if self.now and self.grace_period >= 0:
            raise UsageError("--now and --grace-period cannot be specified together")
        if self.force and self.grace_period > 0:
            raise UsageError("--force and --grace-period greater than 0 cannot be specified together")

    @property
    def propagation_policy(self) -> str:
        return _PROPAGATION[self.cascade]

    @property
    def seconds(self) -> int | None:
        if self.now:
            return 1
        if self.force:
            return 0
        return self.grace_period if self.grace_period >= 0 else None

    @property
    def suffix(self) -> str:
        return _DRY_RUNS[self.dry_run]
