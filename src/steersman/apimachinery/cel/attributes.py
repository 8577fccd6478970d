"""Reading variables, fields and indexes: the code of ``a``, ``a.b``, ``a[b]``, ``a.?b`` and ``has(a.b)``."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from steersman.apimachinery.cel.code import Code, Constant, Frame, Path, Run
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.values import NONE, Lazy, Optional, Uint, Value, lookup

_MISSING: Final = object()


def variable(slot: int) -> Code:
    """A variable of the activation, which may be a ``Lazy`` one."""
    return Code(_variable(slot), 1, 1, Path(slot))


def local(slot: int) -> Code:
    """A variable of a comprehension."""
    return Code(lambda frame: frame[slot], 1, 1, Path(slot))


def _variable(slot: int) -> Run:
    def read(frame: Frame) -> Value:
        value = frame[slot]
        if value.__class__ is Lazy:
            value = frame[slot] = value.get()
        return value

    return read


def select(operand: Code, key: str) -> Code:
    """``operand.key``"""
    cost = _selection_cost(operand)
    attribute = max(operand.attribute, 0) if operand.attribute >= 0 else 1
    if operand.path is not None:
        path = Path(operand.path.slot, (*operand.path.keys, key))
        return Code(_path(path), cost, attribute, path)
    run = operand.run
    return Code(lambda frame: select_key(run(frame), key), cost, attribute)


def _selection_cost(operand: Code) -> int:
    # What selects from anything but a variable counts as an attribute of its own.
    return operand.cost + (1 if operand.attribute >= 0 else 2)


def _path(path: Path) -> Run:
    """The common case in one go; whatever is not a dict with the key is looked at by ``_slowly``."""
    slot, keys = path.slot, path.keys
    if len(keys) == 1:
        (only,) = keys

        def one(frame: Frame) -> Value:
            try:
                return frame[slot][only]
            except (KeyError, TypeError):
                return _slowly(frame, path)

        return one
    if len(keys) == 2:
        first, second = keys

        def two(frame: Frame) -> Value:
            try:
                return frame[slot][first][second]
            except (KeyError, TypeError):
                return _slowly(frame, path)

        return two
    first, second, *rest = keys

    def more(frame: Frame) -> Value:
        try:
            value = frame[slot][first][second]
            for key in rest:
                value = value[key]
        except (KeyError, TypeError):
            return _slowly(frame, path)
        return value

    return more


def _slowly(frame: Frame, path: Path) -> Value:
    value = frame[path.slot]
    if value.__class__ is Lazy:
        value = frame[path.slot] = value.get()
    for key in path.keys:
        value = select_key(value, key)
    return value


def select_key(value: Value, key: str) -> Value:
    """``value.key``; of an optional value, an optional field. Raises EvaluationError if there is no such key."""
    if value.__class__ is Optional:
        return optional_key(value, key)
    if isinstance(value, Mapping):
        found = value.get(key, _MISSING)
        if found is not _MISSING:
            return found
    elif isinstance(value, list):
        raise EvaluationError("unsupported index type 'string' in list")
    raise EvaluationError(f"no such key: {key}")


def optional_key(value: Value, key: Value) -> Optional:
    """``value.?key`` and ``value[?key]``: an optional, empty if the key or index is not there."""
    if value.__class__ is Optional:
        if not value.present:
            return NONE
        value = value.content
    if isinstance(value, Mapping):
        found = lookup(value, key, _MISSING)
        return NONE if found is _MISSING else Optional(True, found)
    if isinstance(value, list):
        position = _position(value, key)
        return Optional(True, value[position]) if 0 <= position < len(value) else NONE
    # Where there can be no keys none is there.
    return NONE


def optional_select(operand: Code, key: str) -> Code:
    """``operand.?key``"""
    run = operand.run
    return Code(lambda frame: optional_key(run(frame), key), _selection_cost(operand), 1)


def test(operand: Code, key: str) -> Code:
    """``has(operand.key)``: costs no more than its operand."""
    run = operand.run

    def has(frame: Frame) -> bool:
        value = run(frame)
        if value.__class__ is dict:
            return key in value
        if isinstance(value, Mapping):
            return key in value
        return optional_key(value, key).present

    return Code(has, operand.cost)


def index(operand: Code, key: Code, *, optional: bool) -> Code:
    """``operand[key]``, ``operand[?key]``"""
    cost = _selection_cost(operand) + key.chained_cost
    run, key_run = operand.run, key.run
    if optional:
        return Code(lambda frame: optional_key(run(frame), key_run(frame)), cost, 1)
    if isinstance(key, Constant) and key.value.__class__ is str:
        return replace(select(operand, key.value), cost=cost)

    def indexed(frame: Frame) -> Value:
        value, at = run(frame), key_run(frame)
        if value.__class__ is dict and at.__class__ is str:
            try:
                return value[at]
            except KeyError:
                raise EvaluationError(f"no such key: {at}") from None
        if value.__class__ is list and at.__class__ is int and 0 <= at < len(value):
            return value[at]
        return _indexed(value, at)

    return Code(indexed, cost, 1)


def _indexed(value: Value, key: Value) -> Value:
    if value.__class__ is Optional:
        return optional_key(value, key)
    if isinstance(value, list):
        position = _position(value, key)
        if 0 <= position < len(value):
            return value[position]
        raise EvaluationError(f"index out of bounds: {position}")
    if isinstance(value, Mapping):
        found = lookup(value, key, _MISSING)
        if found is not _MISSING:
            return found
    raise EvaluationError(f"no such key: {shown(key)}")


def shown(value: Value) -> str:
    """A key as messages have it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _position(value: list[Value], key: Value) -> int:
    """The position that an index means: doubles and uints stand for the int that they equal."""
    if key.__class__ is int or key.__class__ is Uint:
        return int(key)
    if key.__class__ is float:
        if key.is_integer():
            return int(key)
        raise EvaluationError(f"unsupported index value {key} in list")
    raise EvaluationError(f"unsupported index type '{_INDEX_TYPES.get(key.__class__, 'dyn')}' in list")


_INDEX_TYPES: Final = {str: "string", bool: "bool", bytes: "bytes", list: "list", dict: "map", type(None): "null_type"}
