"""``steersman label``: set and remove labels."""

from typing import Annotated

import typer

from steersman.cli.changing.metadata_flags import Args, MetadataFlags
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.write_flags import Writing
from steersman.cli.flag_set import with_flag_sets

ListThem = Annotated[bool, typer.Option("--list", help="Print the labels that there are.")]


@with_flag_sets
def label(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    flags: MetadataFlags,
    list_them: ListThem = False,
    writing: Writing,
    connection: Connection,
) -> None:
    """Set and remove labels.

    Example: steersman label pod web tier=front

    Example: steersman label pods --all tier- -n shop
    """
    from steersman.cli.changing.metadata_command import LABEL
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        await LABEL.perform(session, args or (), files, selectors, flags, writing, list_them=list_them)

    run(connection, work)
