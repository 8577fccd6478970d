"""``steersman apply``: make a server have what manifests say, and what was applied last."""

from typing import Annotated

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import IncludeUninitialized, Selector, Selectors
from steersman.cli.cluster.write_flags import Writing
from steersman.cli.flag_set import with_flag_sets
from steersman.cli.go_booleans import GoBooleans
from steersman.cli.leading_options import LeadingOptions

apply = typer.Typer(
    name="apply",
    rich_markup_mode=None,
    cls=LeadingOptions,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ServerSide = Annotated[bool, typer.Option("--server-side", help="Let the server merge, by field managers.")]
ForceConflicts = Annotated[
    bool, typer.Option("--force-conflicts", help="With --server-side, take fields from other managers.")
]
Validate = Annotated[
    str, typer.Option("--validate", metavar="strict|warn|ignore", help="What to do about unknown fields.")
]
Args = Annotated[
    list[str] | None,
    typer.Argument(metavar="TYPE NAME|TYPE/NAME", autocompletion=complete_types, show_default=False, help="Which."),
]
Format = Annotated[str, typer.Option("--output", "-o", metavar="yaml|json", help="The format.")]
CreateAnnotation = Annotated[
    bool, typer.Option("--create-annotation", help="Also for objects that have no such annotation yet.")
]


@apply.callback()
@with_flag_sets
def apply_manifests(
    ctx: typer.Context,
    files: Files,
    writing: Writing,
    connection: Connection,
    selector: Selector = "",
    server_side: ServerSide = False,
    force_conflicts: ForceConflicts = False,
    validate: Validate = "strict",
    include_uninitialized: IncludeUninitialized = False,
) -> None:
    """Make a server have the objects of manifests.

    What was applied before and is not there any more is removed; what others have set stays.

    Example: steersman apply -f manifests/ -R

    Example: steersman apply -f web.yaml --server-side --force-conflicts

    Example: steersman apply edit-last-applied deployment/web
    """
    if ctx.invoked_subcommand is not None:
        return
    from steersman.apimachinery import label_selector
    from steersman.cli.applying.apply import Apply
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.cluster.validation import field_validation

    async def work(session: Session) -> None:
        writing.check()
        wanted = label_selector.parse(selector)
        step = Apply(session, writing, server_side, force_conflicts, include_uninitialized, field_validation(validate))
        for one in files.read():
            if wanted.matches(one.obj["metadata"].get("labels") or {}):
                with session.going_on():
                    await step.apply(one)

    run(connection, work)


@apply.command("view-last-applied", cls=GoBooleans)
@with_flag_sets
def view_last_applied(
    args: Args = None,
    *,
    output: Format = "yaml",
    files: Files,
    selectors: Selectors,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Print what was applied last.

    Example: steersman apply view-last-applied deployment/web -o json
    """
    from steersman.cli.applying.last_applied_commands import Chosen
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        await Chosen(session, args or (), files, selectors, include_uninitialized).view(output)

    run(connection, work)


@apply.command("edit-last-applied", cls=GoBooleans)
@with_flag_sets
def edit_last_applied(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    writing: Writing,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Change what was applied last, in an editor; nothing else of the object changes.

    Example: steersman apply edit-last-applied deployment/web
    """
    from steersman.cli.applying.last_applied_commands import Chosen
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        writing.check()
        await Chosen(session, args or (), files, selectors, include_uninitialized).edit(writing)

    run(connection, work)


@apply.command("set-last-applied", cls=GoBooleans)
@with_flag_sets
def set_last_applied(
    files: Files, writing: Writing, connection: Connection, create_annotation: CreateAnnotation = False
) -> None:
    """Say of objects that they were applied as these manifests have them; nothing else of the objects changes.

    Example: steersman apply set-last-applied -f web.yaml --create-annotation
    """
    from steersman.cli.applying.last_applied_commands import set_from_files
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        writing.check()
        await set_from_files(session, files, writing, create_annotation=create_annotation)

    run(connection, work)
