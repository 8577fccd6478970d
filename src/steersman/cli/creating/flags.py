"""The flags that all of ``create`` have."""

from dataclasses import dataclass
from typing import Annotated

import typer

from steersman.cli.cluster.write_flags import Writing


@dataclass(frozen=True)
class CreateFlags(Writing):
    """How to create."""

    save_config: Annotated[bool, typer.Option("--save-config", help="Remember it in the object, as apply does.")] = (
        False
    )
    include_uninitialized: Annotated[
        bool, typer.Option("--include-uninitialized", help="Do not wait for the object's initializers.")
    ] = False
