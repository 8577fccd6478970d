"""Struct types out of the type information of a Go executable (ELF, little-endian, 64-bit, Go 1.14 and newer).

A Go program carries, for reflection, every struct that can be reached from an interface: its fields with their types
and tags. What is read here of abi.Type and its kin has had one layout in all those versions, but for the encoding of
names (Go 1.17) and the mark of embedded fields (Go 1.19).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_SECTION = struct.Struct("<II4Q")
_GO_VERSION = re.compile(rb"go1\.(\d+)\.\d+")
_TYPE_SIZE, _STRUCT_SIZE = 48, 80
_SIZES = {"struct": _STRUCT_SIZE, "pointer": 56, "slice": 56}
_BOOL, _MAP, _POINTER, _SLICE, _STRING, _STRUCT = 1, 21, 22, 23, 24, 25
_KIND_NAMES = {_BOOL: "bool", 5: "int32", 6: "int64", 8: "uint8", 10: "uint32", 11: "uint64", 14: "float64"}
_KIND_NAMES |= {_STRING: "string", _MAP: "map", _POINTER: "pointer", _SLICE: "slice", _STRUCT: "struct"}
_UNCOMMON, _EXTRA_STAR, _NAMED = 1, 2, 4
_HAS_TAG, _EMBEDDED = 2, 8
_MOST_FIELDS = 500


@dataclass(frozen=True, slots=True)
class GoField:
    name: str
    tag: str
    embedded: bool
    type: "GoType"


class GoType:
    """A type at an address of the executable; two of one address are equal."""

    def __init__(self, program: "Executable", address: int) -> None:
        self._program, self.address = program, address
        self._flags = program.byte(address + 20)
        self.kind = _KIND_NAMES.get(program.byte(address + 23) & 31, "other")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GoType) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    @cached_property
    def name(self) -> str:
        """As Go prints it: ``v1.Deployment``, ``[]v1.Container``."""
        text = self._program.name_at_offset(self._program.int32(self.address + 40))
        return text.removeprefix("*") if self._flags & _EXTRA_STAR else text

    @cached_property
    def full_name(self) -> str:
        """``k8s.io/api/apps/v1.Deployment`` for a type with a name, else empty."""
        if not self._flags & _NAMED or not self._has_uncommon:
            return ""
        package = self._program.name_at_offset(self._program.int32(self._uncommon))
        return f"{package}.{self.name.rpartition('.')[2]}"

    @property
    def element(self) -> "GoType":
        """What a pointer points to, or what a slice or map holds."""
        return GoType(self._program, self._program.pointer(self.address + (56 if self.kind == "map" else 48)))

    @cached_property
    def methods(self) -> frozenset[str]:
        """The names of the exported methods of the type itself, not of the pointer to it."""
        if not self._has_uncommon:
            return frozenset()
        count, start = self._program.uint16(self._uncommon + 6), self._program.int32(self._uncommon + 8)
        first = self._uncommon + start
        return frozenset(
            self._program.name_at_offset(self._program.int32(first + 16 * index)) for index in range(count)
        )

    @property
    def _has_uncommon(self) -> bool:
        # Those of maps, interfaces, functions and the like stand elsewhere; they are no one's messages.
        return bool(self._flags & _UNCOMMON) and self.kind not in ("map", "other")

    @property
    def _uncommon(self) -> int:
        return self.address + _SIZES.get(self.kind, _TYPE_SIZE)

    def fields(self) -> Iterator[GoField]:
        """The fields of a struct, in order."""
        first, count = self._program.pointer(self.address + 56), self._program.pointer(self.address + 64)
        for address in range(first, first + 24 * count, 24):
            yield self._program.field(address)


class Executable:
    """The content of a Go executable; ``version`` is that of its Go, such as (1, 26)."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        sections = self._sections()
        self._address, self._start, self._size = sections.get(".go.type") or sections[".rodata"]
        self.version = max((1, int(minor)) for minor in _GO_VERSION.findall(content))

    def structs(self) -> Iterator[GoType]:
        """Every struct type with a name, in the order of the file."""
        end = self._address + self._size - _STRUCT_SIZE
        kinds = self._content[self._start + 23 : self._start + self._size : 8]
        for index, kind in enumerate(kinds):
            address = self._address + 8 * index
            if kind & 31 == _STRUCT and address < end and self._is_struct(address):
                yield GoType(self, address)

    def _is_struct(self, address: int) -> bool:
        fields, count, capacity = (self.pointer(address + 56 + 8 * index) for index in range(3))
        within = self._address <= fields and fields + 24 * count <= self._address + self._size
        if not (self.byte(address + 20) & _NAMED and count == capacity and count <= _MOST_FIELDS and within):
            return False
        return all(
            self._has(self.pointer(at)) and self._has(self.pointer(at + 8))
            for at in range(fields, fields + 24 * count, 24)
        )

    def field(self, address: int) -> GoField:
        at, type_address, offset = (self.pointer(address + 8 * index) for index in range(3))
        flags = self.byte(at)
        name, after = self._text(at + 1)
        tag = self._text(after)[0] if flags & _HAS_TAG else ""
        embedded = bool(flags & _EMBEDDED if self.version >= (1, 19) else offset & 1)
        return GoField(name, tag, embedded, GoType(self, type_address))

    def name_at_offset(self, offset: int) -> str:
        return self._text(self._address + offset + 1)[0]

    def _text(self, address: int) -> tuple[str, int]:
        if self.version < (1, 17):
            size, address = self.byte(address) << 8 | self.byte(address + 1), address + 2
        else:
            size = shift = 0
            more = 0x80
            while more & 0x80:
                more = self.byte(address)
                size |= (more & 0x7F) << shift
                shift, address = shift + 7, address + 1
        at = self._position(address)
        return self._content[at : at + size].decode(), address + size

    def byte(self, address: int) -> int:
        return self._content[self._position(address)]

    def uint16(self, address: int) -> int:
        return int.from_bytes(self._cut(address, 2), "little")

    def int32(self, address: int) -> int:
        return int.from_bytes(self._cut(address, 4), "little", signed=True)

    def pointer(self, address: int) -> int:
        return int.from_bytes(self._cut(address, 8), "little")

    def _cut(self, address: int, size: int) -> bytes:
        at = self._position(address)
        return self._content[at : at + size]

    def _has(self, address: int) -> bool:
        return self._address <= address < self._address + self._size

    def _position(self, address: int) -> int:
        if not self._has(address):
            raise ValueError(f"address {address:#x} is not among the types")
        return self._start + address - self._address

    def _sections(self) -> dict[str, tuple[int, int, int]]:
        """Section name → address, position in the file, size (ELF-64 section headers)."""
        (table,) = struct.unpack_from("<Q", self._content, 0x28)
        entry_size, count, names_index = struct.unpack_from("<3H", self._content, 0x3A)
        rows = [_SECTION.unpack_from(self._content, table + entry_size * index) for index in range(count)]
        names_start = rows[names_index][4]
        sections = {}
        for name, _, _, address, start, size in rows:
            at = names_start + name
            sections[self._content[at : self._content.index(b"\0", at)].decode()] = address, start, size
        return sections
