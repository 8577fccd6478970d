"""Kubernetes' quantities: ``quantity('1.5Gi').isGreaterThan(quantity('1G'))`` and the like."""

from typing import Final

from steersman.apimachinery.cel.cost import traversal
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.types import BOOL, DOUBLE, INT, STRING, opaque_type
from steersman.apimachinery.cel.values import INT_GREATEST, INT_LEAST
from steersman.apimachinery.quantity import DECIMAL_EXPONENT, Quantity

QUANTITY_TYPE: Final = opaque_type("kubernetes.Quantity", Quantity)

_NANO: Final = 10**9


def _parse(text: str) -> Quantity:
    try:
        if text != text.strip():
            raise ValueError(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            )
        return Quantity.parse(text)
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _is_quantity(text: str) -> bool:
    try:
        _parse(text)
    except EvaluationError:
        return False
    return True


def _is_integer(quantity: Quantity) -> bool:
    whole, rest = divmod(quantity.nanos, _NANO)
    return rest == 0 and INT_LEAST <= whole <= INT_GREATEST


def _as_integer(quantity: Quantity) -> int:
    if not _is_integer(quantity):
        raise EvaluationError("cannot convert value to integer")
    return quantity.nanos // _NANO


def _sign(quantity: Quantity) -> int:
    return (quantity.nanos > 0) - (quantity.nanos < 0)


def _compare(left: Quantity, right: Quantity) -> int:
    return (left > right) - (left < right)


def _of_int(number: int) -> Quantity:
    return Quantity(number * _NANO, DECIMAL_EXPONENT)


_PAIR: Final = (QUANTITY_TYPE, QUANTITY_TYPE)

QUANTITY: Final[Library] = library(
    "kubernetes.quantity",
    {
        "quantity": (function((STRING,), QUANTITY_TYPE, _parse, traversal),),
        "isQuantity": (function((STRING,), BOOL, _is_quantity, traversal),),
        # kube-apiserver has the function, its documentation the method.
        "sign": (function((QUANTITY_TYPE,), INT, _sign), method((QUANTITY_TYPE,), INT, _sign)),
        "isGreaterThan": (method(_PAIR, BOOL, lambda left, right: left > right),),
        "isLessThan": (method(_PAIR, BOOL, lambda left, right: left < right),),
        "compareTo": (method(_PAIR, INT, _compare),),
        "asApproximateFloat": (method((QUANTITY_TYPE,), DOUBLE, lambda quantity: quantity.nanos / _NANO),),
        "asInteger": (method((QUANTITY_TYPE,), INT, _as_integer),),
        "isInteger": (method((QUANTITY_TYPE,), BOOL, _is_integer),),
        "add": (
            method(_PAIR, QUANTITY_TYPE, lambda left, right: left + right),
            method((QUANTITY_TYPE, INT), QUANTITY_TYPE, lambda left, right: left + _of_int(right)),
        ),
        "sub": (
            method(_PAIR, QUANTITY_TYPE, lambda left, right: left - right),
            method((QUANTITY_TYPE, INT), QUANTITY_TYPE, lambda left, right: left - _of_int(right)),
        ),
    },
    types=(QUANTITY_TYPE,),
)
