"""JSON Merge Patch (RFC 7386)."""

from typing import Any

import msgspec

from steersman.apimachinery.errors import bad_request
from steersman.apimachinery.json_patch import json_equal


def apply_merge_patch(document: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The patched copy of ``document``, sharing nothing with it or with ``patch``.

    Raises :class:`~steersman.apimachinery.errors.ApiError` 400 if the patch is not a JSON object.
    """
    if type(patch) is not dict:
        raise bad_request("Invalid JSON Patch")
    copy: dict[str, Any] = msgspec.to_builtins(document)
    _merge(copy, patch)
    return copy


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif type(value) is dict:
            inner = target.get(key)
            if type(inner) is not dict:
                inner = target[key] = {}
            _merge(inner, value)
        else:
            target[key] = msgspec.to_builtins(value)


def create_merge_patch(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The smallest merge patch that turns ``old`` into ``new``.

    A member that is null in ``new`` cannot be said in a merge patch and comes out absent (RFC 7386, section 1).
    """
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = msgspec.to_builtins(value)
            continue
        before = old[key]
        if type(before) is dict and type(value) is dict:
            inner = create_merge_patch(before, value)
            if inner:
                patch[key] = inner
        elif not json_equal(before, value):
            patch[key] = msgspec.to_builtins(value)
    return patch
