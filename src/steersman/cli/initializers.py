"""``steersman initializers``: what waits for initializers, for how long, and on whom."""

from typing import Annotated

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.selection_flags import AllNamespaces, Selectors
from steersman.cli.flag_set import with_flag_sets

Types = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TYPE]...", autocompletion=complete_types, show_default="all", help="Only these types."),
]
NoHeaders = Annotated[bool, typer.Option("--no-headers", help="Without the header line.")]


@with_flag_sets
def initializers(
    args: Types = None,
    *,
    selectors: Selectors,
    all_namespaces: AllNamespaces = False,
    no_headers: NoHeaders = False,
    connection: Connection,
) -> None:
    """List the objects that are not initialized yet.

    PENDING are the initializers that an object needs still; it waits on the first of them, or on
    the first ones that commute. RESULT is why one refused.

    Example: steersman initializers -A

    Example: steersman initializers deployments pods -n shop
    """
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.pending.pending import Pending

    async def work(session: Session) -> None:
        listing = Pending(session, selectors, all_namespaces)
        await listing.print([type for one in args or () for type in one.split(",")], headers=not no_headers)

    run(connection, work)
