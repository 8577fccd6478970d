"""Resource quantities: ``100m``, ``1.5Gi``, ``1e3``. Exact, in billionths, which is as fine as Kubernetes has them.

Specified in "Quantity" of the API reference: what is finer is rounded up, away from zero; binary quantities are capped
at 2^63-1; the canonical form has no fraction and the greatest suffix that leaves none.
"""

import re
from typing import Final

_NANO = 10**9
_GREATEST_BINARY = 2**63 - 1

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NUMERIC_WRONG = "unable to parse numeric part of quantity"
SUFFIX_WRONG = "unable to parse quantity's suffix"

_QUANTITY = re.compile(r"([-+]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)")
_EXPONENT = re.compile("[eE]([-+]?[0-9]+)")
# Far more than any resource has; they keep numbers from growing without bound.
_MAX_LENGTH = 256
_MAX_EXPONENT = 1000

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {exponent: suffix for suffix, exponent in _BINARY.items()}

DECIMAL_SI: Final = "DecimalSI"
BINARY_SI: Final = "BinarySI"
DECIMAL_EXPONENT: Final = "DecimalExponent"


class Quantity:
    """A number of some resource. Quantities compare by what they amount to, whatever the format they are written in.

    ``nanos`` is the amount in billionths, ``format`` one of ``DecimalSI``, ``BinarySI`` and ``DecimalExponent``;
    ``str()`` is the form in which the server stores it.
    """

    __slots__ = ("_text", "format", "nanos")

    def __init__(self, nanos: int, format: str = DECIMAL_SI, text: str | None = None) -> None:
        self.nanos: Final = nanos
        self.format: Final = format
        self._text = text

    @classmethod
    def parse(cls, value: str | int | float) -> "Quantity":
        """Read a quantity from a string, or from a JSON number; raise ValueError in kube-apiserver's words."""
        text = value.strip() if isinstance(value, str) else repr(value)
        found = _QUANTITY.fullmatch(text)
        if found is None or not text:
            raise ValueError(FORMAT_WRONG)
        if len(text) > _MAX_LENGTH:
            raise ValueError(NUMERIC_WRONG)
        sign, whole, fraction, suffix = found[1], found[2] or "0", found[3] or "", found[4]
        if suffix in _BINARY:
            nanos, format = _binary_nanos(whole, fraction, _BINARY[suffix])
            kept = _is_canonical_binary(whole, fraction, _BINARY[suffix])
        else:
            exponent, format = _decimal_suffix(suffix)
            nanos = _decimal_nanos(whole, fraction, exponent)
            kept = text == "0" or _is_canonical_decimal(whole, fraction, exponent)
        return cls(-nanos if sign == "-" else nanos, format, text if kept else None)

    def __str__(self) -> str:
        if self._text is None:
            self._text = _canonical(self.nanos, self.format)
        return self._text

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __add__(self, other: "Quantity") -> "Quantity":
        """The sum, in this one's format, unless this one is nothing."""
        return Quantity(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nanos - other.nanos, self.format if self.nanos else other.format)

    def __neg__(self) -> "Quantity":
        return Quantity(-self.nanos, self.format)

    def __bool__(self) -> bool:
        return self.nanos != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nanos == other.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __lt__(self, other: "Quantity") -> bool:
        return self.nanos < other.nanos

    def __le__(self, other: "Quantity") -> bool:
        return self.nanos <= other.nanos

    def __gt__(self, other: "Quantity") -> bool:
        return self.nanos > other.nanos

    def __ge__(self, other: "Quantity") -> bool:
        return self.nanos >= other.nanos


def _decimal_suffix(suffix: str) -> tuple[int, str]:
    if suffix in _DECIMAL:
        return _DECIMAL[suffix], DECIMAL_SI
    found = _EXPONENT.fullmatch(suffix)
    if found is None:
        raise ValueError(SUFFIX_WRONG)
    exponent = int(found[1])
    if exponent > _MAX_EXPONENT:
        raise ValueError(NUMERIC_WRONG)
    return max(exponent, -_MAX_EXPONENT), DECIMAL_EXPONENT


def _decimal_nanos(whole: str, fraction: str, exponent: int) -> int:
    shift = exponent - len(fraction) + 9
    digits = int(whole + fraction)
    return digits * 10**shift if shift >= 0 else _round_up(digits, 10**-shift)


def _binary_nanos(whole: str, fraction: str, exponent: int) -> tuple[int, str]:
    nanos = _round_up(int(whole + fraction) * (1 << exponent) * _NANO, 10 ** len(fraction))
    # A binary quantity below one would have to be rounded: it is kept as a decimal one.
    format = DECIMAL_SI if 0 < nanos < _NANO else BINARY_SI
    return min(nanos, _GREATEST_BINARY * _NANO), format


def _round_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def _is_canonical_decimal(whole: str, fraction: str, exponent: int) -> bool:
    """Whether kube-apiserver takes the text for canonical and keeps it, even as ``1.500`` or ``+5``."""
    digits = whole + fraction
    scale = exponent - len(fraction)
    return (
        len(digits) <= 18
        and scale >= -9
        and scale % 3 == 0
        and not digits.endswith("000")
        and not digits.startswith("0")
    )


def _is_canonical_binary(whole: str, fraction: str, exponent: int) -> bool:
    return not fraction and len(whole) + exponent * 3 // 10 <= 14 and int(whole) & 7 != 0


def _canonical(nanos: int, format: str) -> str:
    if nanos == 0:
        return "0"
    if format == BINARY_SI and nanos % _NANO == 0 and abs(nanos) >= 1024 * _NANO:
        value, exponent = _factor_out(nanos // _NANO, 1024, 0, 10, 60)
        return f"{value}{_BINARY_SUFFIX.get(exponent, '')}"
    if format == DECIMAL_EXPONENT:
        value, exponent = _factor_out(nanos, 1000, -9, 3, _MAX_EXPONENT + _MAX_LENGTH)
        return f"{value}e{exponent}" if exponent else str(value)
    value, exponent = _factor_out(nanos, 1000, -9, 3, 18)
    return f"{value}{_DECIMAL_SUFFIX[exponent]}"


def _factor_out(value: int, factor: int, exponent: int, step: int, limit: int) -> tuple[int, int]:
    while exponent < limit and value % factor == 0:
        value, exponent = value // factor, exponent + step
    return value, exponent
