"""The command line, one module a command.

What cannot be done is one line on standard error and exit code 2; a flag that does not exist gets the usage besides.
The commands over a server's objects speak as kubectl does, and what the server refuses is exit code 1, as there.
"""

from typing import ClassVar

import typer

from steersman.cli.lazy_group import LazyGroup


class _Commands(LazyGroup):
    modules: ClassVar = {
        name: f"steersman.cli.{name.replace('-', '_')}"
        for name in (
            "serve",
            "version",
            "generate",
            "get",
            "apply",
            "create",
            "label",
            "annotate",
            "delete",
            "describe",
            "edit",
            "explain",
            "set",
            "initializers",
        )
    }


app = typer.Typer(
    name="steersman",
    cls=_Commands,
    help="Kubernetes' extensible control plane in Python.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _commands() -> None:
    """Kubernetes' extensible control plane in Python."""


def main() -> None:
    """The entry point of the ``steersman`` command."""
    app()
