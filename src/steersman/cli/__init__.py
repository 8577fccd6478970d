"""The command line, one module a command.

What cannot be done is one line on standard error and exit code 2; a flag that does not exist gets the usage besides.
"""

import typer

from steersman.cli.generate import generate
from steersman.cli.serve import serve
from steersman.cli.version import version

app = typer.Typer(
    name="steersman",
    help="Kubernetes' extensible control plane in Python.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serve)
app.command()(version)
app.add_typer(generate)


def main() -> None:
    """The entry point of the ``steersman`` command."""
    app()
