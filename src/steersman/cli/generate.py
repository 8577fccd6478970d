"""``steersman generate``: write code for the types of an API."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from steersman.cli.error_line import error_line

if TYPE_CHECKING:
    from steersman.client.code_generator.definition import Definition

_MANIFESTS = (".yaml", ".yml", ".json")

generate = typer.Typer(
    name="generate",
    help="Write code for the types of an API.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help="Only these definitions: databases.example.com, databases or Database. A name that ends with .yaml, .yml "
        "or .json is one more file.",
        show_default="all",
    ),
]
Crds = Annotated[
    list[Path] | None,
    typer.Option(
        "--crd",
        metavar="FILE...",
        help="Read definitions from a file, from all manifests in a folder, or from standard input (-).",
        show_default=False,
    ),
]
FromServer = Annotated[bool, typer.Option("--from-server", help="Read definitions from a server.")]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="How to find the server.", show_default="as kubectl finds it"),
]
Context = Annotated[str, typer.Option(metavar="NAME", help="The kubeconfig's context.", show_default="the current one")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where to write the packages.")]
Package = Annotated[
    str, typer.Option(metavar="NAME", help="Put them into one package of this name.", show_default="none")
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if something would change.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that were not generated.")]


@generate.callback()
def _group() -> None:
    """Write code for the types of an API."""


@generate.command()
def client(
    output: Output,
    names: Names = None,
    crd: Crds = None,
    from_server: FromServer = False,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    package: Package = "",
    check: Check = False,
    force: Force = False,
) -> None:
    """Write typed clients for custom resources.

    Each CustomResourceDefinition becomes a package of the name of its plural, with a module for each version that is
    served: pydantic classes, a client, an informer and a lister. Files that were generated before are replaced, and
    removed where their version is gone.

    Example: steersman generate client --crd crds/ --output src/myoperator/clients

    Example: steersman generate client --crd config/crd/*.yaml --output src --package clients --check

    Example: steersman generate client --from-server --context kind-dev databases.example.com --output src
    """
    # Not needed to serve, and pydantic takes its time to load.
    from steersman.apimachinery.errors import ApiError
    from steersman.client.code_generator.output_folder import OutputFolder
    from steersman.client.code_generator.package import generate as generate_files
    from steersman.client.config import ConfigError, CredentialError
    from steersman.client.transport import TransportError

    files, wanted = _split(names or [], crd or [])
    try:
        if bool(files) == from_server:
            raise ValueError("say where the definitions are: --crd FILE or --from-server")
        definitions = _from_server(kubeconfig, context) if from_server else list(_from_files(files))
        texts = generate_files(_select(definitions, wanted), package)
        folder = OutputFolder(output, texts)
        changes = folder.changes()
        if check:
            for path in (*changes.changed, *changes.stale):
                print(f"differs: {path}")
            raise typer.Exit(0 if changes.up_to_date else 1)
        if changes.foreign and not force:
            raise ValueError(f"{changes.foreign[0]} was not generated; --force overwrites it")
        folder.write(changes)
    except (ValueError, OSError, ConfigError, CredentialError, TransportError, ApiError) as error:
        print(f"steersman: {error_line(error)}", file=sys.stderr)
        raise typer.Exit(2) from None
    for verb, paths in (("wrote", changes.changed), ("removed", changes.stale)):
        for path in paths:
            print(f"{verb} {path}")
    print(f"{len(texts) - len(changes.changed)} of {len(texts)} files were up to date")


def _split(names: Sequence[str], crds: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Files, and names of definitions: of what a shell makes of ``--crd *.yaml``, all but the first are among these."""
    more = [Path(name) for name in names if crds and name.endswith(_MANIFESTS)]
    return [*crds, *more], [name for name in names if Path(name) not in more]


def _from_files(paths: Sequence[Path]) -> "Iterator[Definition]":
    from steersman.client.code_generator.definition import parse_definitions

    for path in paths:
        inside = sorted(one for one in path.iterdir() if one.suffix in _MANIFESTS) if path.is_dir() else [path]
        for file in inside:
            body = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
            try:
                yield from parse_definitions(body)
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from None


def _from_server(kubeconfig: Path | None, context: str) -> "list[Definition]":
    from steersman.client.client import Client
    from steersman.client.code_generator.server_definitions import fetch_definitions
    from steersman.client.config import Overrides, load_config

    async def fetch() -> "list[Definition]":
        async with Client(load_config(kubeconfig, Overrides(context=context))) as client:
            return await fetch_definitions(client)

    return asyncio.run(fetch())


def _select(definitions: "list[Definition]", names: Sequence[str]) -> "list[Definition]":
    """The definitions of these names, all without names. Raises ValueError for a name that none has."""
    if not definitions:
        raise ValueError("there is no CustomResourceDefinition")
    for name in names:
        if not any(name in (one.name, one.plural, one.kind) for one in definitions):
            raise ValueError(f"there is no CustomResourceDefinition {name!r}")
    return [one for one in definitions if not names or {one.name, one.plural, one.kind} & set(names)]
