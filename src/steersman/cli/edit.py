"""``steersman edit``: change objects in an editor."""

from typing import Annotated, Any

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import IncludeUninitialized, Selectors
from steersman.cli.cluster.write_flags import Writing
from steersman.cli.flag_set import with_flag_sets

Args = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE NAME...|TYPE/NAME...", autocompletion=complete_types, show_default=False, help="Which objects."
    ),
]


@with_flag_sets
def edit(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    writing: Writing,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Change objects in the editor of KUBE_EDITOR or EDITOR.

    What cannot be saved is opened again, with the reason.

    Example: steersman edit deployment/web

    Example: EDITOR=nano steersman edit configmaps -l app=web
    """
    from steersman.cli.changing.modify import send_difference
    from steersman.cli.cluster.selection import Found, fetch, find_targets
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.editing import edit_loop
    from steersman.cli.printing.output_format import without_managed_fields

    async def edit_one(session: Session, found: Found) -> None:
        shown = without_managed_fields(found.obj)

        async def save(edited: dict[str, Any]) -> None:
            result = await send_difference(found._replace(obj=shown), edited, writing, "kubectl-edit")
            writing.report(session, found.target, "edited", result)

        await edit_loop.edit(session, shown, save)

    async def work(session: Session) -> None:
        writing.check()
        targets = await find_targets(session, args or (), files)
        for found in await fetch(session, targets, selectors, include_uninitialized=include_uninitialized):
            with session.going_on():
                await edit_one(session, found)

    run(connection, work)
