"""Help in plain text: long names of flags stand whole in a terminal of any width, and flags in groups."""

from typing import Any

from typer.core import TyperCommand

OPTIONS = "Options"


class PlainHelp(TyperCommand):
    """A command whose flags are listed by the panels they are declared to be in, the others first."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Without arguments that are hidden."""
        hidden = [piece for one in self.params if getattr(one, "hidden", False) for piece in one.get_usage_pieces(ctx)]
        return [piece for piece in super().collect_usage_pieces(ctx) if piece not in hidden]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_panels(self, ctx, formatter)


def write_panels(command: Any, ctx: Any, formatter: Any) -> None:
    """The flags and arguments of a command or a group."""
    panels: dict[str, list[tuple[str, str]]] = {OPTIONS: []}
    for one in command.get_params(ctx):
        record = one.get_help_record(ctx)
        if record is not None:
            is_argument = one.param_type_name == "argument"
            panel = "Arguments" if is_argument else getattr(one, "rich_help_panel", None) or OPTIONS
            panels.setdefault(panel, []).append(record)
    for panel, records in panels.items():
        if records:
            with formatter.section(panel):
                formatter.write_dl(records)
