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
    from steersman.cli.changing.metadata_command import MetadataCommand
    from steersman.cli.changing.modify import Choice
    from steersman.cli.changing.pairs import check_labels, split_pairs
    from steersman.cli.cluster.failure import UsageError
    from steersman.cli.cluster.selection import find_targets
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        writing.check()
        named, pairs = split_pairs(args or (), "label")
        if not pairs and not list_them:
            raise UsageError("at least one label update is required")
        check_labels(pairs)
        targets = await find_targets(session, named, files, all_namespaces=flags.all_namespaces)
        choice = Choice(targets, selectors, flags.all, flags.include_uninitialized)
        command = MetadataCommand("labels", "label", "labeled")
        if pairs:
            await command.change(
                session, choice, pairs, writing, overwrite=flags.overwrite, version=flags.resource_version
            )
        else:
            await command.list(session, choice)

    run(connection, work)
