"""``steersman get``: objects as tables, or in another format."""

from typing import Annotated

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection_flags import AllNamespaces, IncludeUninitialized, Selectors
from steersman.cli.flag_set import with_flag_sets
from steersman.cli.getting.appearance import Appearance

Args = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE[,TYPE]|TYPE NAME...|TYPE/NAME...", autocompletion=complete_types, show_default=False, help="What."
    ),
]
OutputFormat = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT",
        help="wide, name, json, yaml, jsonpath=…, jsonpath-as-json=…, jsonpath-file=…, custom-columns=…, "
        "custom-columns-file=….",
        show_default="a table",
    ),
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Then print changes as they come.")]
WatchOnly = Annotated[bool, typer.Option("--watch-only", help="Print changes only.")]
IgnoreNotFound = Annotated[bool, typer.Option("--ignore-not-found", help="What is not there is no error.")]


@with_flag_sets
def get(
    args: Args = None,
    *,
    output: OutputFormat = "",
    files: Files,
    selectors: Selectors,
    all_namespaces: AllNamespaces = False,
    watch: Watch = False,
    watch_only: WatchOnly = False,
    ignore_not_found: IgnoreNotFound = False,
    include_uninitialized: IncludeUninitialized = False,
    appearance: Appearance,
    connection: Connection,
) -> None:
    """Print objects.

    Example: steersman get pods -A -o wide

    Example: steersman get deployment/web -o jsonpath={.spec.replicas}

    Example: steersman get deployments --include-uninitialized -w
    """
    from steersman.cli.cluster.arguments import asks_for_several_types
    from steersman.cli.cluster.selection import find_targets
    from steersman.cli.cluster.session import Session, run
    from steersman.cli.getting.changes import print_changes
    from steersman.cli.getting.lists import print_lists
    from steersman.cli.getting.request import Request, parse_output

    async def work(session: Session) -> None:
        request = Request(
            selectors=selectors,
            output=parse_output(output),
            appearance=appearance,
            ignore_not_found=ignore_not_found,
            include_uninitialized=include_uninitialized,
            all_namespaces=all_namespaces,
        )
        targets = await find_targets(session, args or (), files, all_namespaces=all_namespaces)
        if watch or watch_only:
            await print_changes(session, request, targets, only=watch_only)
        else:
            await print_lists(session, request, targets, several=asks_for_several_types(args or ()))

    run(connection, work)
