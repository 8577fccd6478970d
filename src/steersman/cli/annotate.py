"""``steersman annotate``: set and remove annotations."""

from typing import Annotated

import typer

from steersman.cli.changing.metadata_flags import Args, MetadataFlags
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.write_flags import Writing
from steersman.cli.flag_set import with_flag_sets

ListThem = Annotated[bool, typer.Option("--list", help="Print the annotations that there are.")]


@with_flag_sets
def annotate(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    flags: MetadataFlags,
    list_them: ListThem = False,
    writing: Writing,
    connection: Connection,
) -> None:
    """Set and remove annotations.

    Example: steersman annotate deployment web owner=me

    Example: steersman annotate pods -l app=web owner-
    """
    from steersman.cli.changing.metadata_command import ANNOTATE
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        await ANNOTATE.perform(session, args or (), files, selectors, flags, writing, list_them=list_them)

    run(connection, work)
