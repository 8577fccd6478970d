"""``steersman describe``: everything about objects, for people."""

from typing import Annotated

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import AllNamespaces, IncludeUninitialized, Selectors
from steersman.cli.flag_set import with_flag_sets

Args = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE [NAME|PREFIX]...|TYPE/NAME...", autocompletion=complete_types, show_default=False, help="What."
    ),
]
ShowEvents = Annotated[bool, typer.Option("--show-events/--no-show-events", help="The objects' events too.")]


@with_flag_sets
def describe(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    all_namespaces: AllNamespaces = False,
    show_events: ShowEvents = True,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Print all about objects: those of a name, or whose names begin with it.

    Example: steersman describe deployment web

    Example: steersman describe databases -l tier=front -A
    """
    from steersman.cli.cluster.selection import find_targets
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.describing.describe import Describe

    async def work(session: Session) -> None:
        targets = await find_targets(session, args or (), files, all_namespaces=all_namespaces)
        await Describe(session, selectors, include_uninitialized, show_events).describe(targets)

    run(connection, work)
