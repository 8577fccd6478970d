"""Arithmetic on amounts of several resources: name to quantity."""

from collections.abc import Iterable, Mapping
from typing import Any

from steersman.admission.pod_spec import Amounts
from steersman.apimachinery.quantity import Quantity

ONE = Quantity.parse(1)
NONE = Quantity.parse(0)


def read(amounts: Any) -> Amounts:
    """From the form in which objects have them."""
    return {name: Quantity.parse(value) for name, value in (amounts or {}).items() if value is not None}


def written(amounts: Amounts) -> dict[str, str]:
    return {name: str(amounts[name]) for name in sorted(amounts)}


def plus(amounts: Mapping[str, Quantity], more: Mapping[str, Quantity]) -> Amounts:
    return {**amounts, **{name: amounts.get(name, NONE) + quantity for name, quantity in more.items()}}


def minus(amounts: Mapping[str, Quantity], less: Mapping[str, Quantity]) -> Amounts:
    """Nothing goes below zero."""
    return {**amounts, **{name: max(amounts.get(name, NONE) - quantity, NONE) for name, quantity in less.items()}}


def only(amounts: Mapping[str, Quantity], names: Iterable[str]) -> Amounts:
    wanted = set(names)
    return {name: quantity for name, quantity in amounts.items() if name in wanted}


def told(amounts: Mapping[str, Quantity]) -> str:
    """``cpu=1,pods=2``."""
    return ",".join(f"{name}={amounts[name]}" for name in sorted(amounts))
