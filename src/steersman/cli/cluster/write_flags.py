"""The flags of commands that write."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steersman.cli.cluster.failure import UsageError

if TYPE_CHECKING:
    from steersman.cli.cluster.selection import Target
    from steersman.cli.cluster.session import Session

_STRATEGIES = ("none", "client", "server")


@dataclass(frozen=True)
class Writing:
    """How to write, and what to print of it."""

    dry_run: Annotated[
        str, typer.Option("--dry-run", metavar="none|client|server", help="Write nothing: do all but that.")
    ] = "none"
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FORMAT", help="name, json, yaml, jsonpath=….", show_default="a message"
        ),
    ] = ""
    field_manager: Annotated[
        str, typer.Option("--field-manager", metavar="NAME", help="Who owns the fields.", show_default="as kubectl")
    ] = ""

    @property
    def is_client_dry_run(self) -> bool:
        return self.dry_run == "client"

    @property
    def is_server_dry_run(self) -> bool:
        return self.dry_run == "server"

    def check(self) -> None:
        """Raises UsageError."""
        from steersman.cli.printing.output_format import OBJECT_FORMATS, Output

        if self.dry_run not in _STRATEGIES:
            raise UsageError(f'Invalid dry-run value ({self.dry_run}). Must be "none", "server", or "client".')
        Output.parse(self.output, ("", *OBJECT_FORMATS, "jsonpath"))

    def report(self, session: "Session", target: "Target", done: str, obj: dict[str, Any]) -> None:
        """``deployment.apps/x configured``, or the object in the format that was asked for."""
        from steersman.cli.printing.output_format import Output, printer, without_managed_fields

        kinds = ("", "name", "json", "yaml", "jsonpath")
        match Output.parse(self.output, kinds):
            case Output("name"):
                session.say(target.label)
            case Output(""):
                session.say(f"{target.label} {done}{self.suffix}")
            case output:
                text = printer(output)(without_managed_fields(obj))
                session.write(session.document(text) if output.kind == "yaml" else text)

    @property
    def suffix(self) -> str:
        return {"client": " (dry run)", "server": " (server dry run)"}.get(self.dry_run, "")
