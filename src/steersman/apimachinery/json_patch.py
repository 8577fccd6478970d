"""JSON Patch (RFC 6902) over JSON Pointers (RFC 6901), with kube-apiserver's bounds and answers.

Beyond the RFC, as kube-apiserver: a negative array index counts from the end, and what ``copy`` may add is bounded.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
from msgspec import Struct

from steersman.apimachinery.errors import ApiError, bad_request, too_large

MAX_OPERATIONS = 10_000
MAX_COPIED_BYTES = 3 * 1024 * 1024

_ARRAY_INDEX = re.compile("0|-?[1-9][0-9]{0,8}")

# What Go's decoder calls a JSON value in its errors.
GO_VALUE_NAMES: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
    type(None): "null",
}


class PatchDoesNotApply(Exception):
    """An operation failed on this document; the text says which and why."""


class _Operation(Struct):
    op: str
    path: str
    tokens: tuple[str, ...]
    value: Any = None
    source: str = ""
    source_tokens: tuple[str, ...] = ()


def _pointer(operation: dict[str, Any], member: str) -> tuple[str, tuple[str, ...]]:
    """The pointer under ``member`` as written, and its unescaped tokens."""
    if member not in operation:
        raise bad_request(f"{operation['op']} operation is missing its {member!r} field")
    text = operation[member]
    if type(text) is not str:
        target = f"Go struct field jsonPatchOp.{member} of type string"
        raise bad_request(f"error decoding patch: json: cannot unmarshal {GO_VALUE_NAMES[type(text)]} into {target}")
    if not text:
        return text, ()
    if not text.startswith("/"):
        raise bad_request(f"{operation['op']} operation has an invalid JSON pointer {text!r}: it must start with '/'")
    tokens = text[1:].split("/")
    if "~" in text:
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in tokens]
    return text, tuple(tokens)


def json_equal(left: Any, right: Any) -> bool:
    """Equality as RFC 6902, section 4.6 has it: 1 equals 1.0, true does not equal 1."""
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(json_equal(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(json_equal, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _index(token: str, limit: int, path: str, op: str) -> int:
    """An array index below ``limit``; negative ones count from ``limit``."""
    if not _ARRAY_INDEX.fullmatch(token):
        raise PatchDoesNotApply(f"error in {op} for path: '{path}': value was not a proper array index: '{token}'")
    index = int(token)
    if index < 0:
        index += limit
    if not 0 <= index < limit:
        raise PatchDoesNotApply(
            f"error in {op} for path: '{path}': Unable to access invalid index: {token}: invalid index referenced"
        )
    return index


def _missing(op: str, path: str, what: str = "path") -> PatchDoesNotApply:
    return PatchDoesNotApply(f"{op} operation does not apply: doc is missing {what}: {path}: missing value")


def _get(node: Any, tokens: tuple[str, ...], op: str, path: str) -> Any:
    for token in tokens:
        if type(node) is dict:
            if token not in node:
                raise _missing(op, path)
            node = node[token]
        elif type(node) is list:
            node = node[_index(token, len(node), path, op)]
        else:
            raise _missing(op, path)
    return node


class _Document:
    """A private copy of the document while operations change it."""

    __slots__ = ("copied", "root")

    def __init__(self, root: Any) -> None:
        self.root = root
        self.copied = 0

    def add(self, op: str, path: str, tokens: tuple[str, ...], value: Any) -> None:
        if not tokens:
            self.root = value
            return
        parent, last = _get(self.root, tokens[:-1], op, path), tokens[-1]
        if type(parent) is dict:
            parent[last] = value
        elif type(parent) is list:
            if last == "-":
                parent.append(value)
            else:
                parent.insert(_index(last, len(parent) + 1, path, op), value)
        else:
            raise _missing(op, path)

    def remove(self, op: str, path: str, tokens: tuple[str, ...]) -> Any:
        if not tokens:
            raise _missing(op, '""')
        parent, last = _get(self.root, tokens[:-1], op, path), tokens[-1]
        if type(parent) is dict:
            if last not in parent:
                raise PatchDoesNotApply(
                    f"error in {op} for path: '{path}': Unable to remove nonexistent key: {last}: missing value"
                )
            return parent.pop(last)
        if type(parent) is list:
            return parent.pop(_index(last, len(parent), path, op))
        raise _missing(op, path)

    def replace(self, path: str, tokens: tuple[str, ...], value: Any) -> None:
        if not tokens:
            self.root = value
            return
        parent, last = _get(self.root, tokens[:-1], "replace", path), tokens[-1]
        if type(parent) is dict:
            if last not in parent:
                raise _missing("replace", path, "key")
            parent[last] = value
        elif type(parent) is list:
            parent[_index(last, len(parent), path, "replace")] = value
        else:
            raise _missing("replace", path)


def _add(document: _Document, operation: _Operation) -> None:
    document.add("add", operation.path, operation.tokens, msgspec.to_builtins(operation.value))


def _remove(document: _Document, operation: _Operation) -> None:
    document.remove("remove", operation.path, operation.tokens)


def _replace(document: _Document, operation: _Operation) -> None:
    document.replace(operation.path, operation.tokens, msgspec.to_builtins(operation.value))


def _move(document: _Document, operation: _Operation) -> None:
    source, tokens = operation.source_tokens, operation.tokens
    if source == tokens:
        _get(document.root, source, "move", operation.source)
        return
    if tokens[: len(source)] == source:
        raise PatchDoesNotApply(f"move operation does not apply: {operation.path} is inside of {operation.source}")
    value = document.remove("move", operation.source, source)
    document.add("move", operation.path, tokens, value)


def _copy(document: _Document, operation: _Operation) -> None:
    value = _get(document.root, operation.source_tokens, "copy", operation.source)
    document.copied += len(orjson.dumps(value))
    if document.copied > MAX_COPIED_BYTES:
        raise PatchDoesNotApply(
            "Unable to complete the copy, the accumulated size increase of copy is "
            f"{document.copied}, exceeding the limit {MAX_COPIED_BYTES}"
        )
    document.add("copy", operation.path, operation.tokens, msgspec.to_builtins(value))


def _test(document: _Document, operation: _Operation) -> None:
    found = _get(document.root, operation.tokens, "test", operation.path)
    if not json_equal(found, operation.value):
        raise PatchDoesNotApply(f"testing value {operation.path} failed: test failed")


_APPLY: dict[str, Callable[[_Document, _Operation], None]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
_WITH_VALUE = frozenset({"add", "replace", "test"})
_WITH_SOURCE = frozenset({"move", "copy"})


def _operation(member: Any) -> _Operation:
    if type(member) is not dict:
        raise bad_request(
            f"json: cannot unmarshal {GO_VALUE_NAMES[type(member)]} into Go value of type jsonpatch.Operation"
        )
    op = member.get("op")
    if type(op) is not str or op not in _APPLY:
        raise bad_request(f"Unexpected kind: {op if type(op) is str else 'unknown'}")
    path, tokens = _pointer(member, "path")
    operation = _Operation(op, path, tokens)
    if op in _WITH_VALUE:
        if "value" not in member:
            raise bad_request(f"{op} operation is missing its 'value' field")
        operation.value = member["value"]
    elif op in _WITH_SOURCE:
        operation.source, operation.source_tokens = _pointer(member, "from")
    return operation


class JSONPatch:
    """A patch that was read and checked once and can be applied any number of times (as on a retried conflict)."""

    __slots__ = ("_operations",)

    def __init__(self, operations: list[_Operation]) -> None:
        self._operations = operations

    @classmethod
    def parse(cls, patch: Any) -> "JSONPatch":
        """``patch`` is the decoded body, a list of operations.

        Raises :class:`ApiError`: 400 if it is malformed, 413 if it has more than :data:`MAX_OPERATIONS` operations.
        """
        if type(patch) is not list:
            raise bad_request(
                f"json: cannot unmarshal {GO_VALUE_NAMES[type(patch)]} into Go value of type jsonpatch.Patch"
            )
        if len(patch) > MAX_OPERATIONS:
            raise too_large(
                f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(patch)}",
            )
        return cls([_operation(member) for member in patch])

    def apply(self, document: Any) -> Any:
        """The patched copy of ``document``, sharing nothing with it or with the patch.

        Raises :class:`ApiError` 422 Invalid, with the failed operation as its cause, if the patch does not apply.
        """
        copy = _Document(msgspec.to_builtins(document))
        try:
            for operation in self._operations:
                _APPLY[operation.op](copy, operation)
        except PatchDoesNotApply as failure:
            cause = {"reason": "UnexpectedServerResponse", "message": str(failure)}
            message = "the server rejected our request due to an error in our request"
            raise ApiError(422, "Invalid", message, {"causes": [cause]}) from None
        return copy.root
