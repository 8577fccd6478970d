"""The wire format of protobuf: variable-length integers, and stepping over what is not known.

Specified in protobuf's "Encoding". Everything here raises ValueError (or IndexError at the end of the body) when the
bytes are not of that form, in the words that Kubernetes' own decoders have for it.
"""

VARINT, FIXED64, BYTES, START_GROUP, END_GROUP, FIXED32 = range(6)
MOST_GROUPS = 100

UNEXPECTED_END = "unexpected EOF"


def varint(buf: bytes, at: int) -> tuple[int, int]:
    """The unsigned 64-bit integer at ``at``, and where it ends."""
    value = shift = 0
    while True:
        part = buf[at]
        at += 1
        value |= (part & 0x7F) << shift
        if part < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift >= 64:
            raise ValueError("proto: integer overflow")


def span(buf: bytes, at: int, end: int) -> tuple[int, int]:
    """Start and stop of the length-delimited value at ``at``, which must stop at ``end`` or before."""
    size = buf[at]
    at += 1
    if size > 0x7F:
        size, at = varint(buf, at - 1)
    stop = at + size
    if stop > end:
        raise ValueError(UNEXPECTED_END)
    return at, stop


def skip(buf: bytes, at: int, end: int, tag: int) -> int:
    """Where the value ends that follows the tag of an unknown field."""
    groups = 0
    while True:
        at, groups = _skip_one(buf, at, end, tag & 7, groups)
        if not groups:
            return at
        tag, at = varint(buf, at)


def _skip_one(buf: bytes, at: int, end: int, wire_type: int, groups: int) -> tuple[int, int]:
    match wire_type:
        case 0:
            at = varint(buf, at)[1]
        case 1:
            at += 8
        case 2:
            at = span(buf, at, end)[1]
        case 3:
            groups += 1
            if groups > MOST_GROUPS:
                raise ValueError(f"proto: groups nest deeper than {MOST_GROUPS} levels")
        case 4:
            if not groups:
                raise ValueError("proto: wiretype end group for non-group")
            groups -= 1
        case 5:
            at += 4
        case _:
            raise ValueError(f"proto: illegal wireType {wire_type}")
    return at, groups
