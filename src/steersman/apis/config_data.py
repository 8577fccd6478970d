"""What ConfigMaps and Secrets may hold: keys that can be file names, one MiB in all, and no change once immutable.

Specified in the API reference, ConfigMap and Secret.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from steersman.apimachinery.errors import FieldError, field_forbidden, field_invalid, field_too_long
from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.names import SUBDOMAIN_LENGTH
from steersman.apiserver.registry.resource import Object

MAX_BYTES = 1 << 20
"""Of all values together."""

DUPLICATE = "duplicate of key present in binaryData"
IMMUTABLE = "field is immutable when `immutable` is set"

_PATTERN = "[-._a-zA-Z0-9]+"
_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    f" (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{_PATTERN}')"
)
_KEY = re.compile(_PATTERN)
_is_good = re.compile(rf"(?!\.\.|\.$)[-._a-zA-Z0-9]{{1,{SUBDOMAIN_LENGTH}}}").fullmatch


def check_config_key(key: str) -> list[str]:
    """What is wrong with a key of ``data``, empty if it is valid."""
    if _is_good(key):
        return []
    errors = []
    if len(key.encode()) > SUBDOMAIN_LENGTH:
        errors.append(f"must be no more than {SUBDOMAIN_LENGTH} characters")
    if not _KEY.fullmatch(key):
        errors.append(_RULE)
    if key in (".", ".."):
        errors.append(f"must not be '{key}'")
    elif key.startswith(".."):
        errors.append("must not start with '..'")
    return errors


def config_map_errors(config_map: Object) -> Iterator[FieldError]:
    data, binary = config_map.get("data") or {}, config_map.get("binaryData") or {}
    yield from _key_errors("data", data)
    if binary:
        for key in data.keys() & binary.keys():
            yield field_invalid(f"data[{key}]", key, DUPLICATE)
        yield from _key_errors("binaryData", binary)
    if _bytes_of_text(data) + _bytes_of_base64(binary) > MAX_BYTES:
        yield field_too_long("", MAX_BYTES)


def secret_errors(secret: Object) -> Iterator[FieldError]:
    data = secret.get("data") or {}
    yield from _key_errors("data", data)
    if _bytes_of_base64(data) > MAX_BYTES:
        yield field_too_long("data", MAX_BYTES)


def immutable_errors(new: Object, old: Object) -> Iterator[FieldError]:
    """Of an update, for either kind."""
    if old.get("immutable") is not True:
        return
    if new.get("immutable") is not True:
        yield field_forbidden("immutable", IMMUTABLE)
    for field in ("data", "binaryData"):
        if (new.get(field) or {}) != (old.get(field) or {}):
            yield field_forbidden(field, IMMUTABLE)


ERRORS: Mapping[GroupKind, Callable[[Object], Iterator[FieldError]]] = {
    GroupKind("", "ConfigMap"): config_map_errors,
    GroupKind("", "Secret"): secret_errors,
}


def _key_errors(field: str, data: Mapping[str, str]) -> list[FieldError]:
    if all(map(_is_good, data)):
        return []
    return [field_invalid(f"{field}[{key}]", key, problem) for key in data for problem in check_config_key(key)]


def _bytes_of_text(data: Mapping[str, str]) -> int:
    return sum(map(len, data.values())) if all(map(str.isascii, data.values())) else _bytes_of_any_text(data)


def _bytes_of_any_text(data: Mapping[str, str]) -> int:
    return sum(len(value.encode()) for value in data.values())


def _bytes_of_base64(data: Mapping[str, str]) -> int:
    return sum(len(value) * 3 // 4 - value.count("=", -2) for value in data.values())
