"""The catalog's data file: what is in it, and how a part of it is read without the rest.

Layout: a head of three little-endian 32-bit numbers (magic, compressed index size, number of bytes before the blocks),
then the index and the blocks, each compressed with zlib. The index is JSON::

    {"first": 7, "last": 37,
     "resources": [[group, version, plural, kind, namespaced, package, first, last, default first, default last,
                    [[first, last, "verb verb"], …],
                    [[subresource, group, version, kind, definition or "", "verb verb", first, last], …],
                    index of the stored version's row, index of the row of the same shape], …],
     "packages": {"io.k8s.api.apps.v1": [offset of its block, size], …}}

Minors are numbers: 1.37 is 37. ``default first`` is 0 when no minor serves the resource by default; the two row indexes
are -1 for kinds that are never stored. A kind's definition is called ``package.kind``.

A block holds the definitions of one package in all minors: the size of its directory as a 32-bit number, the directory
``{"Deployment": [[first minor, last minor, start, end], …], …}``, and after it the JSON that ``start`` and ``end`` cut.
"""

import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import orjson

MAGIC = 0x53544D31
HEAD = struct.Struct("<III")
DIRECTORY_SIZE = struct.Struct("<I")
DATA_FILE = Path(__file__).with_name("catalog.bin")

Schema = dict[str, Any]


class Span(NamedTuple):
    """A definition in the minors from ``first`` to ``last``, as a range of bytes of its block."""

    first: int
    last: int
    start: int
    end: int


class Block:
    """The definitions of one package."""

    __slots__ = ("_content", "_directory")

    def __init__(self, compressed: bytes) -> None:
        content = zlib.decompress(compressed)
        (size,) = DIRECTORY_SIZE.unpack_from(content)
        self._directory: dict[str, list[list[int]]] = orjson.loads(
            content[DIRECTORY_SIZE.size : DIRECTORY_SIZE.size + size]
        )
        self._content = memoryview(content)[DIRECTORY_SIZE.size + size :]

    def names(self, minor: int) -> list[str]:
        """The definitions that the minor has, by their name in the package."""
        return [
            name
            for name, spans in self._directory.items()
            if any(first <= minor <= last for first, last, _, _ in spans)
        ]

    def definition(self, name: str, minor: int) -> Schema:
        """The definition as the minor has it, else as the nearest minor before it, else as the first had it.

        Raises KeyError when no minor has the name.
        """
        spans = [Span(*numbers) for numbers in self._directory[name]]
        known = [span for span in spans if span.first <= minor] or spans[:1]
        covering = [span for span in known if span.last >= minor]
        span = (covering or [max(known, key=lambda span: span.last)])[0]
        schema: Schema = orjson.loads(self._content[span.start : span.end])
        return schema


class DataFile:
    """The data file, read where it is asked for; each block is kept once read."""

    __slots__ = ("_blocks", "_blocks_start", "_path", "index")

    def __init__(self, path: Path = DATA_FILE) -> None:
        self._path = path
        self._blocks: dict[str, Block] = {}
        with path.open("rb") as file:
            magic, index_size, self._blocks_start = HEAD.unpack(file.read(HEAD.size))
            if magic != MAGIC:
                raise ValueError(f"{path.name} is not a catalog of built-in API kinds")
            self.index: dict[str, Any] = orjson.loads(zlib.decompress(file.read(index_size)))

    def packages(self) -> list[str]:
        return list(self.index["packages"])

    def block(self, package: str) -> Block:
        """The definitions of one package, such as ``io.k8s.api.apps.v1``; KeyError when there is no such package."""
        block = self._blocks.get(package)
        if block is None:
            offset, size = self.index["packages"][package]
            with self._path.open("rb") as file:
                file.seek(self._blocks_start + offset)
                block = self._blocks[package] = Block(file.read(size))
        return block
