"""The flags that say which objects a command is about."""

from dataclasses import dataclass
from typing import Annotated

import typer

IncludeUninitialized = Annotated[
    bool,
    typer.Option("--include-uninitialized", help="Objects too that wait for their initializers."),
]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="The objects of all namespaces.")]

Selector = Annotated[str, typer.Option("--selector", "-l", metavar="QUERY", help="By labels: a=b,c!=d,e in (f,g),h.")]


@dataclass(frozen=True)
class Selectors:
    """Which of the objects of a type."""

    selector: Selector = ""
    field_selector: Annotated[
        str, typer.Option("--field-selector", metavar="QUERY", help="By fields: metadata.name=x.")
    ] = ""

    def __bool__(self) -> bool:
        return bool(self.selector or self.field_selector)
