"""The flags that say how ``get`` prints."""

from dataclasses import dataclass
from typing import Annotated

import typer


@dataclass(frozen=True)
class Appearance:
    """How tables and objects look."""

    no_headers: Annotated[bool, typer.Option("--no-headers", help="Without the header line.")] = False
    show_labels: Annotated[bool, typer.Option("--show-labels", help="Labels as the last column.")] = False
    label_columns: Annotated[
        list[str] | None, typer.Option("--label-columns", "-L", metavar="KEY,KEY", help="Labels as columns.")
    ] = None
    show_kind: Annotated[bool, typer.Option("--show-kind", help="Names with their types in front.")] = False
    sort_by: Annotated[str, typer.Option("--sort-by", metavar="JSONPATH", help="By a field: .metadata.name.")] = ""
    show_managed_fields: Annotated[
        bool, typer.Option("--show-managed-fields", help="managedFields too, in JSON and YAML.")
    ] = False
    output_watch_events: Annotated[
        bool, typer.Option("--output-watch-events", help="With --watch, what happened as the first column.")
    ] = False
    chunk_size: Annotated[int, typer.Option("--chunk-size", metavar="N", min=0, help="Objects in a request.")] = 500

    @property
    def labels(self) -> list[str]:
        return [key for one in self.label_columns or () for key in one.split(",") if key]
