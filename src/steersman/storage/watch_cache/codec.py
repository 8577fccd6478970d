"""Stored values and final bytes: the same JSON object without and with ``metadata.resourceVersion``.

A value in the store cannot carry its own revision (it is known only once it is committed). It always starts with
``{"apiVersion":"G/V","kind":"K","metadata":{``, so the revision is spliced in at a known place, without parsing.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson


def _opening(api_version: str, kind: str) -> bytes:
    return b'{"apiVersion":"%b","kind":"%b","metadata":{' % (api_version.encode(), kind.encode())


class Codec:
    """How one stored kind is read and written.

    ``fields`` gives the kind's field-selector values (path → text) of a parsed object, beyond name and namespace.
    """

    __slots__ = ("_cut", "_head", "_opening", "_regular", "_swaps", "api_version", "fields", "kind")

    def __init__(self, api_version: str, kind: str, fields: Callable[[Any], Mapping[str, str]] | None = None) -> None:
        self.api_version, self.kind, self.fields = api_version, kind, fields
        self._opening = _opening(api_version, kind)
        self._head = self._opening + b'"resourceVersion":"'
        # The quote is the first member's: metadata is not empty, a comma may follow what is spliced in.
        self._regular = self._opening + b'"'
        self._cut = len(self._opening)
        self._swaps: dict[tuple[str, str], bytes] = {}

    def final(self, value: bytes, revision: int) -> bytes:
        """A stored value with ``metadata.resourceVersion`` as the first member of its metadata.

        A value of another writer (other member order, whitespace, another version of equal shape) is re-encoded.
        Raises ``ValueError`` where it is no JSON object.
        """
        if value.startswith(self._regular):
            return b"".join((self._head, str(revision).encode(), b'",', value[self._cut :]))
        return self._reencode(value, revision)

    def with_revision(self, data: bytes, revision: int) -> bytes:
        """Final bytes with another resourceVersion (a deleted object carries the deletion's)."""
        return b"".join((self._head, str(revision).encode(), data[data.index(b'"', len(self._head)) :]))

    def stored(self, data: bytes) -> bytes:
        """The stored value of final bytes."""
        end = data.index(b'"', len(self._head)) + 1
        if data[end : end + 1] == b",":
            end += 1
        return self._opening + data[end:]

    def as_kind(self, data: bytes, api_version: str, kind: str) -> bytes:
        """Final bytes as another version or kind of equal shape: only the constant opening differs."""
        swap = self._swaps.get((api_version, kind))
        if swap is None:
            swap = self._swaps[api_version, kind] = _opening(api_version, kind)
        return swap + data[self._cut :]

    def _reencode(self, value: bytes, revision: int) -> bytes:
        parsed = orjson.loads(value)
        metadata = parsed.get("metadata", {}) if isinstance(parsed, dict) else None
        if not isinstance(metadata, dict):
            raise ValueError("not a JSON object with metadata")
        metadata.pop("resourceVersion", None)
        first = {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": {"resourceVersion": str(revision)} | metadata,
        }
        return orjson.dumps(first | {key: item for key, item in parsed.items() if key not in first})
