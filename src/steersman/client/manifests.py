"""Manifests: objects as people write them, in files and streams of YAML, put on a server in an order that works."""

import asyncio
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupKind, GroupVersion, GroupVersionKind
from steersman.client.resource_client import ResourceClient

if TYPE_CHECKING:
    from steersman.client.client import Client

Json = dict[str, Any]

Manifests = os.PathLike[str] | str | Mapping[str, Any] | Iterable[Mapping[str, Any]]
"""A path is a file or a directory of them; a string is YAML or JSON itself; else objects."""

SUFFIXES = frozenset((".yaml", ".yml", ".json"))

DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
_FIRST = {DEFINITION: 0, GroupKind("", "Namespace"): 1}
_SERVED_PAUSE = 0.1

# What stands behind the mark belongs to the document that it begins.
_DOCUMENT_MARK = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)


class ManifestError(ValueError):
    """A manifest that cannot be used; one line that says where and why."""


class Manifest(NamedTuple):
    """One object, and where it was found."""

    kind: GroupVersionKind
    obj: Json
    source: str

    @property
    def rank(self) -> int:
        """Definitions and namespaces come before what needs them."""
        return _FIRST.get(self.kind.group_kind, len(_FIRST))


def read_manifests(manifests: Manifests, *, recursive: bool = False, generate_names: bool = False) -> list[Manifest]:
    """All objects in their order: files of a directory by name, their documents, the items of Lists.

    ``recursive`` is for directories within directories. With ``generate_names`` an object may have a generateName
    instead of a name. Raises ManifestError, and OSError for files.
    """
    found = _read(manifests, recursive)
    if not generate_names:
        for one in found:
            if not one.obj["metadata"].get("name"):
                raise ManifestError(f"{one.source}: {one.kind.kind} has no metadata.name")
    return found


def _read(manifests: Manifests, recursive: bool) -> list[Manifest]:
    if isinstance(manifests, os.PathLike):
        return [one for path in _files(Path(manifests), recursive) for one in _of_file(path)]
    if isinstance(manifests, str):
        return list(_of_text(manifests, "manifest"))
    objects = [manifests] if isinstance(manifests, Mapping) else manifests
    return [one for position, obj in enumerate(objects, 1) for one in _of_value(obj, f"object {position}")]


def _files(path: Path, recursive: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = path.rglob("*") if recursive else path.iterdir()
    return sorted(one for one in found if one.suffix in SUFFIXES and one.is_file())


def _of_file(path: Path) -> Iterator[Manifest]:
    try:
        return _of_text(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None


def _of_text(text: str, source: str) -> Iterator[Manifest]:
    if text.lstrip().startswith("{") and (value := _json(text)) is not None:
        yield from _of_value(value, source)
        return
    # Its library takes a while to load, and objects need none of it.
    from steersman.apimachinery.encoding import yaml

    pieces = _DOCUMENT_MARK.split(text)
    for position, piece in enumerate(pieces, 0 if _is_blank(pieces[0]) else 1):
        place = f"{source}: document {position}" if len(pieces) > 2 else source
        try:
            value = yaml.decode(piece.encode())
        except ApiError as error:
            raise ManifestError(f"{place}: {error.message}") from None
        if value is not None:
            yield from _of_value(value, place)


def _is_blank(piece: str) -> bool:
    """Whether there are comments at most: what stands before the first mark is often no document."""
    return all(line.lstrip()[:1] in ("", "#") for line in piece.splitlines())


def _json(text: str) -> Any:
    """The value, or None: what begins as JSON may be YAML all the same."""
    from steersman.apimachinery.encoding import json

    try:
        return json.decode(text.encode())
    except ApiError:
        return None


def _of_value(value: Any, source: str) -> Iterator[Manifest]:
    if not isinstance(value, Mapping):
        raise ManifestError(f"{source}: not an object but {value!r:.60}; a file is given as a Path")
    api_version, kind, metadata = value.get("apiVersion"), value.get("kind"), value.get("metadata") or {}
    if not isinstance(api_version, str) or not isinstance(kind, str) or not api_version or not kind:
        raise ManifestError(f"{source}: apiVersion and kind must be set")
    items = value.get("items")
    if kind.endswith("List") and isinstance(items, list):
        for position, item in enumerate(items, 1):
            yield from _of_value(item, f"{source}: item {position}")
        return
    name = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, Mapping) else None
    if not isinstance(name, str) or not name:
        raise ManifestError(f"{source}: {kind} has no metadata.name")
    try:
        group_version = GroupVersion.parse(api_version)
    except ValueError as error:
        raise ManifestError(f"{source}: {error}") from None
    yield Manifest(GroupVersionKind(*group_version, kind), dict(value), source)


async def apply_manifests(
    client: "Client",
    manifests: Manifests,
    *,
    field_manager: str,
    namespace: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    recursive: bool = False,
    timeout: float = 60.0,
) -> list[Json]:
    """Server-side apply of objects: of a file or directory (a Path), of YAML or JSON (a str), or as dicts.

    Files of a directory go by name, with ``recursive`` those of its directories too; Lists stand for their items.
    CustomResourceDefinitions and Namespaces are applied first, and definitions waited for, ``timeout`` seconds each,
    until objects of their kinds can be created. ``namespace`` is for objects that say none, which otherwise go to that
    of the config; an object that says another one is a ValueError. The answers are in the order of the objects.

    It ends at the first error, which has a note of the object. Raises ManifestError before anything is sent, OSError
    for files, NoMatchError, TimeoutError, and as ResourceClient.apply.
    """
    read = await asyncio.to_thread(read_manifests, manifests, recursive=recursive)
    applied: dict[int, Json] = {}
    defined: set[GroupKind] = set()
    for position, manifest in sorted(enumerate(read), key=lambda one: one[1].rank):
        try:
            resource = await _resource(client, manifest.kind, defined, timeout)
            place = namespace if resource.resource.namespaced else None
            answer = await resource.apply(
                manifest.obj, field_manager=field_manager, namespace=place, force=force, dry_run=dry_run
            )
            if manifest.kind.group_kind == DEFINITION and not dry_run:
                await _until_settled(resource, answer, timeout)
                client.discovery.invalidate()
                defined.add(_defined_kind(answer))
        except Exception as error:
            error.add_note(
                f"while applying {manifest.kind.kind} {manifest.obj['metadata']['name']!r} of {manifest.source}"
            )
            raise
        applied[position] = answer
    return [applied[position] for position in sorted(applied)]


def _defined_kind(definition: Json) -> GroupKind:
    return GroupKind(definition["spec"]["group"], definition["spec"]["names"]["kind"])


async def _resource(
    client: "Client", kind: GroupVersionKind, defined: set[GroupKind], timeout: float
) -> ResourceClient[Json]:
    """The client of a kind; one just defined may take the server a moment to tell of."""
    if kind.group_kind not in defined:
        return await client.dynamic(kind)
    # Imported where something is asked by name, as in Client.
    from steersman.client.discovery import NoMatchError

    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        try:
            return await client.dynamic(kind)
        except NoMatchError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_SERVED_PAUSE)
        client.discovery.invalidate()


async def _until_settled(definitions: ResourceClient[Json], definition: Json, timeout: float) -> None:
    """Raises TimeoutError if the server does not establish the definition within ``timeout`` seconds."""
    name = definition["metadata"]["name"]
    if _is_settled(definition):
        return
    try:
        async with asyncio.timeout(timeout):
            await _watch_until_settled(definitions, definition)
    except TimeoutError:
        raise TimeoutError(f"the definition {name} was not established within {timeout:g} seconds") from None


async def _watch_until_settled(definitions: ResourceClient[Json], definition: Json) -> None:
    name, version = definition["metadata"]["name"], definition["metadata"]["resourceVersion"]
    while True:
        watch = definitions.watch(field_selector=f"metadata.name={name}", resource_version=version, bookmarks=True)
        async with watch as events:
            async for event in events:
                if event.type in ("ADDED", "MODIFIED") and _is_settled(event.object):
                    return
            version = events.resource_version


def _is_settled(definition: Json) -> bool:
    """Whether it is established, under the names that it asks for unless these are refused."""
    asked, accepted = definition["spec"]["names"], definition.get("status", {}).get("acceptedNames")
    is_named = asked == accepted or _condition(definition, "NamesAccepted") == "False"
    return is_named and _condition(definition, "Established") == "True"


def _condition(obj: Json, type: str) -> str:
    conditions = obj.get("status", {}).get("conditions") or ()
    return next((one["status"] for one in conditions if one.get("type") == type), "")
