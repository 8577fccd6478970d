"""Write the catalog's data file; its layout is told in steersman.apis.catalog.data_file."""

import zlib
from collections import defaultdict
from typing import Any

import orjson
from catalog.definitions import Definitions
from catalog.resources import Resource
from catalog.serving import default_span
from catalog.shapes import shape_groups

from steersman.apis.catalog.data_file import DIRECTORY_SIZE, HEAD, MAGIC


def write(definitions: dict[int, Definitions], resources: list[Resource]) -> bytes:
    """The content of the data file; the same bytes for the same input."""
    packages: dict[str, list[int]] = {}
    blocks: list[bytes] = []
    offset = 0
    for package, content in sorted(_package_contents(definitions).items()):
        block = _compress(_block(content))
        packages[package] = [offset, len(block)]
        blocks.append(block)
        offset += len(block)
    index = {
        "first": min(definitions),
        "last": max(definitions),
        "resources": _rows(resources, definitions),
        "packages": packages,
    }
    compressed = _compress(orjson.dumps(index))
    return HEAD.pack(MAGIC, len(compressed), HEAD.size + len(compressed)) + compressed + b"".join(blocks)


def _compress(content: bytes) -> bytes:
    return zlib.compress(content, 9)


def _package_contents(definitions: dict[int, Definitions]) -> dict[str, dict[str, dict[int, bytes]]]:
    """Package → name in it → minor → the definition as JSON."""
    contents: dict[str, dict[str, dict[int, bytes]]] = defaultdict(lambda: defaultdict(dict))
    for minor, minor_definitions in sorted(definitions.items()):
        for name, schema in minor_definitions.items():
            package, _, short = name.rpartition(".")
            contents[package][short][minor] = orjson.dumps(schema, option=orjson.OPT_SORT_KEYS)
    return contents


def _block(content: dict[str, dict[int, bytes]]) -> bytes:
    directory: dict[str, list[list[int]]] = {}
    pieces: list[bytes] = []
    size = 0
    for name, by_minor in sorted(content.items()):
        starts: dict[bytes, int] = {}
        spans: list[list[int]] = directory.setdefault(name, [])
        for minor, schema in sorted(by_minor.items()):
            if schema not in starts:
                starts[schema] = size
                pieces.append(schema)
                size += len(schema)
            start = starts[schema]
            if spans and spans[-1][1:3] == [minor - 1, start]:
                spans[-1][1] = minor
            else:
                spans.append([minor, minor, start, start + len(schema)])
    encoded = orjson.dumps(directory)
    return DIRECTORY_SIZE.pack(len(encoded)) + encoded + b"".join(pieces)


def _rows(resources: list[Resource], definitions: dict[int, Definitions]) -> list[list[Any]]:
    position = {id(resource): index for index, resource in enumerate(resources)}
    stored: dict[int, tuple[int, int]] = {}
    for groups in shape_groups(resources, definitions):
        for group in groups:
            for resource in group:
                if any("update" in verbs for _, _, verbs in resource.verbs):
                    stored[id(resource)] = position[id(groups[0][0])], position[id(group[0])]
    return [_row(resource, *stored.get(id(resource), (-1, -1))) for resource in resources]


def _row(resource: Resource, stored_row: int, shape_row: int) -> list[Any]:
    package, _, short = resource.definition.rpartition(".")
    if short != resource.kind:
        raise ValueError(f"{resource.definition} is not called by its kind, {resource.kind}")
    default_first, default_last = default_span(resource) or (0, 0)
    return [
        resource.group,
        resource.version,
        resource.plural,
        resource.kind,
        resource.namespaced,
        package,
        resource.first,
        resource.last,
        default_first,
        default_last,
        [[first, last, " ".join(verbs)] for first, last, verbs in resource.verbs],
        [
            [sub.name, *sub.body, sub.definition, " ".join(sub.verbs), sub.first, sub.last]
            for sub in resource.subresources
        ],
        stored_row,
        shape_row,
    ]
