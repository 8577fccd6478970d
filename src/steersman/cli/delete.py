"""``steersman delete``: delete objects, and wait until they are gone."""

from typing import Annotated

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import AllNamespaces, IncludeUninitialized, Selectors
from steersman.cli.deleting.flags import DeleteFlags
from steersman.cli.flag_set import with_flag_sets

Args = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE NAME...|TYPE/NAME...", autocompletion=complete_types, show_default=False, help="Which objects."
    ),
]


@with_flag_sets
def delete(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    flags: DeleteFlags,
    all_namespaces: AllNamespaces = False,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Delete objects.

    Example: steersman delete -f web.yaml

    Example: steersman delete deployments -l app=web --cascade=orphan

    Example: steersman delete deployments --all --include-uninitialized
    """
    from steersman.cli.cluster.selection import find_targets
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.deleting.delete import Delete

    async def work(session: Session) -> None:
        flags.check()
        targets = await find_targets(session, args or (), files, all_namespaces=all_namespaces)
        await Delete(session, flags, selectors, include_uninitialized).delete(targets)

    run(connection, work)
