"""What names, label keys and label values may look like, and names made by the server (``generateName``).

Every ``check_…`` function takes a string and returns the list of what is wrong with it, empty if it is valid, in the
words of kube-apiserver. Specified in "Object Names and IDs" and "Labels and Selectors", section "Syntax".
"""

import re
from collections.abc import Callable

NameValidator = Callable[[str, bool], list[str]]
"""``(name, prefix) -> what is wrong``; with ``prefix`` it is a ``generateName`` that a suffix will be added to."""

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253

_GENERATED_SUFFIX_LENGTH = 5
# No vowels and no look-alike digits, so that no word appears and none is misread.
_GENERATED_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

_LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_PATTERN = rf"{_LABEL_PATTERN}(\.{_LABEL_PATTERN})*"
_DNS1035_PATTERN = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY_NAME_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE_PATTERN = f"({_KEY_NAME_PATTERN})?"

_LABEL = re.compile(_LABEL_PATTERN)
_SUBDOMAIN = re.compile(_SUBDOMAIN_PATTERN)
_DNS1035 = re.compile(_DNS1035_PATTERN)
_KEY_NAME = re.compile(_KEY_NAME_PATTERN)


def _mismatch(rule: str, pattern: str, *examples: str) -> str:
    listed = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {listed}regex used for validation is '{pattern}')"


_LABEL_RULE = _mismatch(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character",
    _LABEL_PATTERN,
    "my-name",
    "123-abc",
)
_SUBDOMAIN_RULE = _mismatch(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character",
    _SUBDOMAIN_PATTERN,
    "example.com",
)
_DNS1035_RULE = _mismatch(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character",
    _DNS1035_PATTERN,
    "my-name",
    "abc-123",
)
_KEY_NAME_RULE = _mismatch(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    _KEY_NAME_PATTERN,
    "MyName",
    "my.name",
    "123-abc",
)
_LABEL_VALUE_RULE = _mismatch(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    _LABEL_VALUE_PATTERN,
    "MyValue",
    "my_value",
    "12345",
)


def _too_long(value: str, limit: int, unit: str) -> list[str]:
    # The limits count bytes of UTF-8, whatever unit the message names.
    if len(value) > limit or (not value.isascii() and len(value.encode()) > limit):
        return [f"must be no more than {limit} {unit}"]
    return []


def check_dns1123_label(value: str) -> list[str]:
    """A DNS label of RFC 1123: a namespace's name."""
    errors = _too_long(value, LABEL_LENGTH, "characters")
    if not _LABEL.fullmatch(value):
        errors.append("must not contain dots" if _SUBDOMAIN.fullmatch(value) else _LABEL_RULE)
    return errors


def check_dns1123_subdomain(value: str) -> list[str]:
    """A DNS subdomain of RFC 1123: the name of most kinds of object."""
    errors = _too_long(value, SUBDOMAIN_LENGTH, "characters")
    if not _SUBDOMAIN.fullmatch(value):
        errors.append(_SUBDOMAIN_RULE)
    return errors


def check_dns1035_label(value: str) -> list[str]:
    """A DNS label of RFC 1035, which starts with a letter: a Service's name, a CRD's plural."""
    errors = _too_long(value, LABEL_LENGTH, "characters")
    if not _DNS1035.fullmatch(value):
        errors.append(_DNS1035_RULE)
    return errors


def check_path_segment(value: str) -> list[str]:
    """A name that is safe as one segment of a URL path: names of RBAC objects."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return check_path_segment_prefix(value)


def check_path_segment_prefix(value: str) -> list[str]:
    return [f"may not contain '{mark}'" for mark in ("/", "%") if mark in value]


def check_label_key(value: str) -> list[str]:
    """A qualified name, ``name`` or ``example.com/name``: label and annotation keys, finalizers, condition types."""
    prefix, slash, name = value.partition("/")
    if not slash:
        return _check_key_name(value)
    if "/" in name:
        optional_prefix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a valid label key {_KEY_NAME_RULE} {optional_prefix}"]
    if not prefix:
        return ["prefix part must be non-empty", *_check_key_name(name)]
    errors = _too_long(prefix, SUBDOMAIN_LENGTH, "bytes")
    if not _SUBDOMAIN.fullmatch(prefix):
        errors.append(_SUBDOMAIN_RULE)
    return [f"prefix part {error}" for error in errors] + _check_key_name(name)


def _check_key_name(name: str) -> list[str]:
    matched = _KEY_NAME.fullmatch(name)
    if matched and len(name) <= LABEL_LENGTH:
        return []
    errors = [f"name part {error}" for error in _too_long(name, LABEL_LENGTH, "bytes")]
    if not name:
        errors.append("name part must be non-empty")
    if not matched:
        errors.append(f"name part {_KEY_NAME_RULE}")
    return errors


check_qualified_name = check_label_key


def check_label_value(value: str) -> list[str]:
    errors = _too_long(value, LABEL_LENGTH, "bytes")
    if value and not _KEY_NAME.fullmatch(value):
        errors.append(_LABEL_VALUE_RULE)
    return errors


def _mask_trailing_dash(name: str) -> str:
    # A prefix may end in a dash, for a suffix follows; a name may not.
    return f"{name[:-2]}a" if len(name) > 1 and name.endswith("-") else name


def subdomain_name(name: str, prefix: bool) -> list[str]:
    """The :data:`NameValidator` of kinds named by a DNS subdomain."""
    return check_dns1123_subdomain(_mask_trailing_dash(name) if prefix else name)


def label_name(name: str, prefix: bool) -> list[str]:
    """The :data:`NameValidator` of kinds named by a DNS label, such as Namespace."""
    return check_dns1123_label(_mask_trailing_dash(name) if prefix else name)


def dns1035_label_name(name: str, prefix: bool) -> list[str]:
    """The :data:`NameValidator` of kinds named by a DNS-1035 label, such as Service before 1.35."""
    return check_dns1035_label(_mask_trailing_dash(name) if prefix else name)


def path_segment_name(name: str, prefix: bool) -> list[str]:
    """The :data:`NameValidator` of kinds named by any path segment, such as Role."""
    return check_path_segment_prefix(name) if prefix else check_path_segment(name)


def generate_name(prefix: str, random: Callable[[int], int]) -> str:
    """A name for an object created with ``generateName``: the prefix, cut to 58 characters, and five random ones.

    ``random(n)`` gives an integer from 0 up to but not including ``n`` (``random.randrange``).
    """
    suffix = "".join(_GENERATED_ALPHABET[random(len(_GENERATED_ALPHABET))] for _ in range(_GENERATED_SUFFIX_LENGTH))
    return prefix[: LABEL_LENGTH - _GENERATED_SUFFIX_LENGTH] + suffix
