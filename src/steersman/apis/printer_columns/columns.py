"""Columns of the types that tables have, and those that many kinds share."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.table import Cell, Column, Object
from steersman.apis.printer_columns.fields import (
    NONE,
    at,
    integer,
    items,
    labels_text,
    mapping,
    mappings,
    selector_text,
    since,
    text,
)

_POD_SPEC = ("spec", "template", "spec")


def string(name: str, cell: Cell | str, description: str, *, missing: str = "", wide: bool = False) -> Column:
    """A column of text. ``cell`` may be a path such as ``spec.type``: then ``missing`` stands for what is empty."""
    return Column(
        name, "string", _text_at(cell, missing) if isinstance(cell, str) else cell, "", description, int(wide)
    )


def number(name: str, cell: Cell | str, description: str, *, type: str = "integer") -> Column:
    """A column of whole numbers. ``cell`` may be a path: what is missing is 0, a list or object counts its parts."""
    return Column(name, type, _number_at(cell) if isinstance(cell, str) else cell, "", description)


def boolean(name: str, path: str, description: str, *, missing: bool = False, type: str = "boolean") -> Column:
    return Column(name, type, _flag_at(path, missing), "", description)


def age_column(name: str, path: str, description: str, *, missing: str = NONE) -> Column:
    """How long ago the time at ``path`` was."""
    steps = tuple(path.split("."))

    def cell(obj: Object, now: float) -> str:
        moment = at(obj, *steps)
        return missing if moment is None else since(moment, now)

    return Column(name, "string", cell, "", description)


def containers(path: tuple[str, ...] = _POD_SPEC, *, wide: bool = True) -> tuple[Column, Column]:
    """The names and the images of the containers of the pod spec at ``path``."""
    return (
        string("Containers", _each(path, "name"), "The names of the template's containers.", wide=wide),
        string("Images", _each(path, "image"), "The images of the template's containers.", wide=wide),
    )


def selector(*path: str) -> Column:
    """The label selector at ``path``, in wide tables only."""
    return string("Selector", selector_cell(*path), "The labels of the objects that are selected.", wide=True)


def selector_cell(*path: str) -> Cell:
    def cell(obj: Object, now: float) -> str:
        shown = selector_text(at(obj, *path))
        return "<error>" if shown is None else shown or NONE

    return cell


def labels_cell(*path: str) -> Cell:
    """The labels, or the plain selector, at ``path``."""
    return lambda obj, now: labels_text(mapping(obj, *path))


def count_cell(*path: str) -> Cell:
    """How many entries the list or object at ``path`` has."""
    return lambda obj, now: len(items(obj, *path)) or len(mapping(obj, *path))


def shown_flag(value: Any) -> str:
    """As tables write a flag that may be unset."""
    return _FLAGS.get(value, "<unset>") if isinstance(value, bool) else "<unset>"


_FLAGS: Mapping[bool, str] = {True: "True", False: "False"}


def _text_at(path: str, missing: str) -> Cell:
    steps = tuple(path.split("."))
    return lambda obj, now: text(obj, *steps) or missing


def _number_at(path: str) -> Cell:
    steps = tuple(path.split("."))
    return lambda obj, now: integer(obj, *steps)


def _flag_at(path: str, missing: bool) -> Cell:
    steps = tuple(path.split("."))

    def cell(obj: Object, now: float) -> bool:
        value = at(obj, *steps)
        return value if isinstance(value, bool) else missing

    return cell


def _each(path: tuple[str, ...], field: str) -> Cell:
    return lambda obj, now: ",".join(text(one, field) for one in mappings(obj, *path, "containers"))
