"""``-f``: manifests from files, folders and standard input."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.cli.cluster.failure import UsageError

Json = dict[str, Any]


@dataclass(frozen=True)
class Files:
    """Where manifests are."""

    filename: Annotated[
        list[Path] | None,
        typer.Option(
            "--filename",
            "-f",
            metavar="FILE",
            help="Objects from a file, from all manifests in a folder, or from standard input (-).",
            show_default=False,
        ),
    ] = None
    recursive: Annotated[bool, typer.Option("--recursive", "-R", help="Folders in folders of -f too.")] = False

    def __bool__(self) -> bool:
        return bool(self.filename)

    def read(self, *, generate_names: bool = False) -> "list[FileObject]":
        """The objects in their order; with ``generate_names`` they need a generateName only.

        Raises ManifestError (a ValueError), OSError, UsageError where there is none.
        """
        from steersman.client.manifests import read_manifests

        if not self.filename:
            raise UsageError("must specify -f FILE")
        found = []
        for path in self.filename:
            if str(path).startswith(("http:", "https:")):
                raise UsageError(f"{path}: a URL cannot be read; give a file, a folder or - for standard input")
            is_stdin = path == Path("-")
            text_or_path = sys.stdin.read() if is_stdin else path
            read = read_manifests(text_or_path, recursive=self.recursive, generate_names=generate_names)
            source = "STDIN" if is_stdin else ""
            found += [FileObject(one.kind, one.obj, source or one.source.partition(": document")[0]) for one in read]
        if not found:
            raise UsageError("no objects passed")
        return found


@dataclass(frozen=True)
class FileObject:
    """An object as it was written, and the file that it is in."""

    kind: GroupVersionKind
    obj: Json
    source: str

    @property
    def name(self) -> str:
        name: str = self.obj["metadata"].get("name") or ""
        return name

    def namespace(self, of_flag: str, otherwise: str) -> str:
        """Where it belongs: its own namespace, else ``otherwise``. Raises UsageError if the flag says another one."""
        own: str = self.obj["metadata"].get("namespace") or ""
        if own and of_flag and own != of_flag:
            raise UsageError(
                f'the namespace from the provided object "{own}" does not match the namespace "{of_flag}". '
                f"You must pass '--namespace={own}' to perform this operation."
            )
        return own or otherwise
