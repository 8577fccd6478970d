"""``steersman explain``: what admission would do to objects, step by step."""

from collections.abc import Iterable
from typing import Annotated

import typer

from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.flag_set import with_flag_sets

OPERATIONS = ("apply", "create", "update", "delete")
FORMATS = ("table", "yaml", "json")


def _complete_operation(incomplete: str) -> Iterable[str]:
    return [one for one in OPERATIONS if one.startswith(incomplete)]


def _complete_format(incomplete: str) -> Iterable[str]:
    return [one for one in FORMATS if one.startswith(incomplete)]


Args = Annotated[list[str] | None, typer.Argument(metavar="", hidden=True)]
Operation = Annotated[
    str,
    typer.Option(
        "--operation",
        metavar="|".join(OPERATIONS),
        autocompletion=_complete_operation,
        help="The write to explain; apply creates what is not there, and else updates it.",
    ),
]
Format = Annotated[
    str,
    typer.Option("--output", "-o", metavar="|".join(FORMATS), autocompletion=_complete_format, help="The format."),
]
All = Annotated[bool, typer.Option("--all", help="Also the steps that had nothing to say, and audit annotations.")]
Validate = Annotated[
    str, typer.Option("--validate", metavar="strict|warn|ignore", help="What to do about unknown fields.")
]


def _hint(args: list[str]) -> str:
    """What to type instead."""
    typed = " ".join(args)
    if args[0].endswith((".yaml", ".yml", ".json")):
        return f"files are given with -f: steersman explain -f {typed}"
    return f"explain tells what admission does to the objects of -f FILE; for fields there is kubectl explain {typed}"


@with_flag_sets
def explain(
    args: Args = None,
    *,
    files: Files,
    operation: Operation = "apply",
    output: Format = "table",
    all_steps: All = False,
    validate: Validate = "strict",
    connection: Connection,
) -> None:
    """Tell what admission would do to objects: who changes what, who refuses, and why.

    Nothing is stored. The exit code is 1 if an object would be refused.

    Example: steersman explain -f web.yaml

    Example: steersman explain -f web.yaml --operation delete --as jane --as-group developers
    """
    from steersman.cli.cluster.failure import UsageError
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.cluster.validation import field_validation
    from steersman.cli.explaining.explain import Explain

    async def work(session: Session) -> None:
        if args:
            raise UsageError(_hint(args))
        step = Explain(session, operation, output, all_steps, field_validation(validate))
        step.check()
        for one in files.read(generate_names=True):
            with session.going_on():
                await step.explain(one)

    run(connection, work)
