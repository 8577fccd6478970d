"""Names of Kubernetes as names of Python: identifiers that clash with nothing."""

import re
from collections.abc import Iterable
from keyword import iskeyword

MAX_CLASS_NAME = 60
"""Longer names of classes leave out the middle of their path."""

_WORD = re.compile(r"[A-Z]+s(?![a-z])[0-9]*|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z][a-z0-9]*|[0-9]+")
_NUMBER = re.compile(r"([0-9]+)")
_PIECE = re.compile(r"[A-Za-z0-9]+")


def snake_case(name: str) -> str:
    """``storage_class_name`` for ``storageClassName``; ``cluster_ips`` for ``clusterIPs``.

    What is no letter or digit separates words. The result is an identifier in ASCII that is no keyword and does not
    begin with an underscore.
    """
    text = "_".join(word.lower() for word in _WORD.findall(name)) or "field"
    if text[0].isdigit():
        text = f"field_{text}"
    return f"{text}_" if iskeyword(text) else text


def pascal_case(name: str) -> str:
    """``StorageClassName`` for ``storageClassName``: what can stand in a class's name, empty if nothing can."""
    return "".join(piece[0].upper() + piece[1:] for piece in _PIECE.findall(name))


class Names:
    """The names of one scope. ``reserved`` ones are taken from the beginning."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved)

    def take(self, wanted: str, suffix: str = "_") -> str:
        """``wanted``; with ``suffix`` if it is taken, and with a number if that is taken too."""
        name, number = wanted, 1
        while name in self._taken or iskeyword(name):
            name = f"{wanted.rstrip('_')}{suffix}" if number == 1 else f"{wanted.rstrip('_')}{suffix}{number}"
            number += 1
        self._taken.add(name)
        return name


def import_order(name: str) -> tuple[object, ...]:
    """Sort key of names in an import: constants, classes, others; numbers in them by their value (isort's order)."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    pieces = [(int(one), "") if one.isdigit() else (-1, one) for one in _NUMBER.split(name.lower())]
    return kind, pieces, name


def class_name(kind: str, path: tuple[str, ...]) -> str:
    """The name of the class at a path in the schema of a kind: ``DatabaseSpecBackups`` for ``spec.backups``."""
    parts = [part for part in map(pascal_case, path) if part]
    while len(kind) + sum(map(len, parts)) > MAX_CLASS_NAME and len(parts) > 1:
        parts.pop(0)
    return (kind + "".join(parts))[: max(MAX_CLASS_NAME, len(kind))]
