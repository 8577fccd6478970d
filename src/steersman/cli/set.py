"""``steersman set``: change what the Pods of an object are made of."""

from typing import Annotated

import typer

from steersman.cli.changing.metadata_flags import Args
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import IncludeUninitialized, Selectors
from steersman.cli.cluster.write_flags import Writing
from steersman.cli.flag_set import with_flag_sets
from steersman.cli.go_booleans import GoBooleans
from steersman.cli.leading_options import LeadingOptions

set = typer.Typer(
    name="set",
    rich_markup_mode=None,
    cls=LeadingOptions,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

All = Annotated[bool, typer.Option("--all", help="All objects of the types.")]
Containers = Annotated[
    str, typer.Option("--containers", "-c", metavar="NAME", help="Which containers; * stands for any text.")
]
ListThem = Annotated[bool, typer.Option("--list", help="Print the variables that there are.")]
Overwrite = Annotated[bool, typer.Option("--overwrite/--no-overwrite", help="Variables may be replaced.")]


@set.callback()
def _set() -> None:
    """Change what the Pods of an object are made of."""


@set.command("image", cls=GoBooleans)
@with_flag_sets
def image(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    everything: All = False,
    writing: Writing,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Give containers another image.

    Example: steersman set image deployment/web nginx=nginx:1.27

    Example: steersman set image deployments --all *=nginx:1.27
    """
    from steersman.cli.changing.containers import set_images
    from steersman.cli.changing.modify import Choice, change_objects
    from steersman.cli.changing.pairs import split_pairs
    from steersman.cli.cluster.failure import UsageError
    from steersman.cli.cluster.selection import find_targets
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        writing.check()
        named, pairs = split_pairs(args or (), "image")
        if not pairs.set or pairs.removed:
            raise UsageError("at least one image update is required: CONTAINER=IMAGE")
        targets = await find_targets(session, named, files)
        choice = Choice(targets, selectors, everything, include_uninitialized)
        change = set_images(pairs.set)
        await change_objects(session, choice, change, writing, done="image updated", manager="kubectl-set")

    run(connection, work)


@set.command("env", cls=GoBooleans)
@with_flag_sets
def env(
    args: Args = None,
    *,
    files: Files,
    selectors: Selectors,
    everything: All = False,
    containers: Containers = "*",
    list_them: ListThem = False,
    overwrite: Overwrite = True,
    writing: Writing,
    include_uninitialized: IncludeUninitialized = False,
    connection: Connection,
) -> None:
    """Set and remove environment variables of containers.

    Example: steersman set env deployment/web LEVEL=debug TRACE-

    Example: steersman set env deployment/web --list
    """
    from steersman.cli.changing.containers import list_variables, set_variables
    from steersman.cli.changing.modify import Choice, change_objects
    from steersman.cli.changing.pairs import split_pairs
    from steersman.cli.cluster.failure import UsageError
    from steersman.cli.cluster.selection import find_targets
    from steersman.cli.cluster.session import Session, run

    async def work(session: Session) -> None:
        writing.check()
        named, pairs = split_pairs(args or (), "environment variable")
        if not pairs and not list_them:
            raise UsageError("at least one environment variable must be provided")
        targets = await find_targets(session, named, files)
        choice = Choice(targets, selectors, everything, include_uninitialized)
        if list_them:
            for found in await choice.fetch(session):
                session.write(list_variables(found.target, found.obj, containers))
            return
        change = set_variables(pairs, containers, overwrite=overwrite)
        await change_objects(session, choice, change, writing, done="env updated", manager="kubectl-set")

    run(connection, work)
