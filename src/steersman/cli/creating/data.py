"""The data of ConfigMaps and Secrets: ``--from-literal``, ``--from-file``, ``--from-env-file``."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from steersman.cli.cluster.failure import CommandError, UsageError

Json = dict[str, Any]


@dataclass(frozen=True)
class DataFlags:
    """Where keys and values come from."""

    from_literal: Annotated[
        list[str] | None, typer.Option("--from-literal", metavar="KEY=VALUE", help="A key and its value.")
    ] = None
    from_file: Annotated[
        list[str] | None,
        typer.Option("--from-file", metavar="[KEY=]PATH", help="A file, or all files of a folder, by their names."),
    ] = None
    from_env_file: Annotated[
        list[Path] | None, typer.Option("--from-env-file", metavar="PATH", help="Lines of KEY=VALUE.")
    ] = None

    def read(self) -> dict[str, bytes]:
        """Raises UsageError for what is no pair, CommandError for a key that comes twice, OSError for files."""
        data: dict[str, bytes] = {}
        for key, value in (*self._literals(), *self._files(), *self._env_files()):
            if key in data:
                raise CommandError(f'cannot add key "{key}", another key by that name already exists')
            data[key] = value
        return data

    def _literals(self) -> Iterator[tuple[str, bytes]]:
        for one in self.from_literal or ():
            key, equals, value = one.partition("=")
            if not equals or not key:
                raise UsageError(f"invalid literal source {one}, expected key=value")
            yield key, value.encode()

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for one in self.from_file or ():
            key, equals, place = one.rpartition("=")
            path = Path(place)
            if equals and (not key or not place):
                raise UsageError(f"invalid file source {one}, expected [key=]path")
            if path.is_dir():
                if key:
                    raise UsageError("cannot give a key name for a directory path")
                yield from ((file.name, file.read_bytes()) for file in sorted(path.iterdir()) if file.is_file())
            else:
                yield key or path.name, path.read_bytes()

    def _env_files(self) -> Iterator[tuple[str, bytes]]:
        for path in self.from_env_file or ():
            for line in path.read_text(encoding="utf-8").splitlines():
                key, equals, value = line.lstrip().partition("=")
                if line.strip() and not key.startswith("#"):
                    if not equals:
                        raise UsageError(f"{path}: {line!r} is no KEY=VALUE")
                    yield key.strip(), value.encode()


def config_map_data(data: dict[str, bytes]) -> Json:
    """The fields of a ConfigMap: text in ``data``, other bytes in ``binaryData``."""
    fields: dict[str, dict[str, str]] = {}
    for key, value in data.items():
        try:
            fields.setdefault("data", {})[key] = value.decode()
        except UnicodeDecodeError:
            fields.setdefault("binaryData", {})[key] = _base64(value)
    return {name: values for name, values in fields.items() if values}


def secret_data(data: dict[str, bytes]) -> Json:
    return {"data": {key: _base64(value) for key, value in data.items()}} if data else {}


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
