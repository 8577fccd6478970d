"""The flags that ``label`` and ``annotate`` have."""

from dataclasses import dataclass
from typing import Annotated

import typer

from steersman.cli.cluster.completion import complete_types
from steersman.cli.cluster.selection_flags import AllNamespaces, IncludeUninitialized

Args = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE NAME... KEY=VALUE... KEY-...",
        autocompletion=complete_types,
        show_default=False,
        help="Which objects, what to set and what to remove.",
    ),
]


@dataclass(frozen=True)
class MetadataFlags:
    """Which objects, and what may happen to them."""

    all: Annotated[bool, typer.Option("--all", help="All objects of the types.")] = False
    all_namespaces: AllNamespaces = False
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Values that are there may be replaced.")] = False
    resource_version: Annotated[
        str, typer.Option("--resource-version", metavar="VERSION", help="Only if that is the object's.")
    ] = ""
    include_uninitialized: IncludeUninitialized = False
