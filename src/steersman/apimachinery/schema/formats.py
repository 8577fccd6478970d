"""The string formats that CustomResourceDefinition schemas check; any other format is ignored.

Specified in "Extend the Kubernetes API with CustomResourceDefinitions", section "Validation"; names are compared
without their hyphens, so ``date-time`` and ``datetime`` are one.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from functools import cache
from ipaddress import AddressValueError, IPv6Address
from typing import Any

import re2


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: _ascii(pattern).fullmatch(text) is not None


@cache
def _ascii(pattern: str) -> re.Pattern[str]:
    """Compiled when first asked for, as below: most servers see few of the formats."""
    return re.compile(pattern, re.ASCII)


@cache
def _compiled(pattern: str) -> Any:
    """Compiled when first asked for: classes of all scripts' letters take a tenth of a second each."""
    return re2.compile(pattern)


_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:[^\n]\d+)?(?:[zZ]|[+-]\d\d:\d\d)", re.ASCII)


def is_date(text: str) -> bool:
    """RFC 3339's full-date."""
    match = _DATE.fullmatch(text)
    if not match:
        return False
    year, month, day = map(int, match.groups())
    # The Gregorian calendar repeats after 400 years, which also gives year 0 its days.
    return 1 <= month <= 12 and 1 <= day <= monthrange(year % 400 + 2000, month)[1]


def is_datetime(text: str) -> bool:
    """RFC 3339's date-time."""
    if text[10:11] not in ("t", "T") or not is_date(text[:10]):
        return False
    match = _TIME.fullmatch(text, 11)
    return match is not None and match[1] <= "23" and match[2] <= "59" and match[3] <= "59"


_GO_DURATION = re.compile(r"[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_AMOUNTS = r"[0-9]+\s*([A-Za-zµ]+)"
_UNITS = frozenset({"ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"})
_UNIT_PREFIXES = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")


def is_go_duration(text: str) -> bool:
    """A duration as Go reads it, such as ``1h30m``."""
    return _GO_DURATION.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """A Go duration, or Scala's such as ``3 days``."""
    if is_go_duration(text):
        return True
    units = (unit.lower() for unit in _compiled(_AMOUNTS).findall(text))
    return any(unit in _UNITS or unit.startswith(_UNIT_PREFIXES) for unit in units)


_DOTTED = re.compile(r"(\d+)\.(\d+)\.(\d+)\.(\d+)", re.ASCII)


def _dotted_quad(text: str) -> bool:
    """Four decimal bytes, leading zeros tolerated."""
    match = _DOTTED.fullmatch(text) if len(text) < 64 else None
    return match is not None and all(int(part) <= 255 for part in match.groups())


def is_ipv6(text: str) -> bool:
    if ":" not in text or "%" in text:
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def is_ipv4(text: str) -> bool:
    return _dotted_quad(text) or ("." in text and is_ipv6(text))


def is_cidr(text: str) -> bool:
    address, slash, bits = text.partition("/")
    if not slash or not (bits.isascii() and bits.isdigit()) or len(bits) > 3:
        return False
    return (_dotted_quad(address) and int(bits) <= 32) or (is_ipv6(address) and int(bits) <= 128)


_EDGE = r"[a-zA-Z0-9\p{S}\p{L}]"
_LABEL = rf"{_EDGE}(?:[-a-zA-Z0-9\p{{S}}\p{{L}}]{{0,61}}{_EDGE})?"
_HOSTNAME = rf"^(?:{_EDGE}(?:-?{_EDGE}{{0,62}})?|(?:{_LABEL}\.)+[a-zA-Z\p{{L}}]{{2,63}})$"


def is_hostname(text: str) -> bool:
    """An Internet host name (RFC 1034, section 3.1; RFC 1123), letters and symbols of any script allowed."""
    octets = text.encode()
    return (
        len(octets) <= 255
        and all(len(label) <= 63 for label in octets.split(b"."))
        and bool(_compiled(_HOSTNAME).search(text))
    )


_ATOM = r"[^\s()<>\[\]:;@\\,.\"\x00-\x1f\x7f]+"
_QUOTED = r'"(?:[^"\\\r\n]|\\[^\r\n])*"'
_ADDRESS = rf"(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_ATOM}(?:\.{_ATOM})*|\[[^\[\]\\\s]+\])"
_EMAIL = rf"^(?:{_ADDRESS}|(?:(?:{_ATOM}|{_QUOTED})(?:\s+(?:{_ATOM}|{_QUOTED}|\.))*\s*)?<{_ADDRESS}>)$"


def is_email(text: str) -> bool:
    """One address (RFC 5322), with or without a display name."""
    return bool(_compiled(_EMAIL).search(text.strip(" \t")))


_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_AUTHORITY = re.compile(
    r"(?:[A-Za-z0-9\-._:~!$&'()*+,;=%@]*@)?(?:\[[0-9A-Fa-f:.%A-Za-z\-_~]+\]|[^\s\[\]<>\"^`{}|\\:@]*)(?::\d*)?"
)


def is_uri(text: str) -> bool:
    """An absolute URI or an absolute path, as in an HTTP request."""
    if not text or _CONTROL.search(text):
        return False
    if text == "*":
        return True
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    if not scheme and not rest.startswith("/"):
        return False
    rest = rest.partition("?")[0]
    if not rest.startswith("/"):
        return True
    if scheme and rest.startswith("//") and not rest.startswith("///"):
        authority, slash, path = rest[2:].partition("/")
        return _AUTHORITY.fullmatch(authority) is not None and not _BAD_ESCAPE.search(authority + slash + path)
    return not _BAD_ESCAPE.search(rest)


def is_isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text, flags=re.ASCII)
    if not re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        return False
    weights = (10 if digit == "X" else int(digit) for digit in digits)
    return sum(place * weight for place, weight in enumerate(weights, 1)) % 11 == 0


def is_isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text, flags=re.ASCII)
    if not re.fullmatch(r"[0-9]{13}", digits):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


_CARD = re.compile(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9]{2})[0-9]{12}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11}"
)


def is_credit_card(text: str) -> bool:
    """A number of a known issuer that passes the Luhn check; anything but digits is skipped."""
    digits = re.sub("[^0-9]+", "", text)
    if not _CARD.fullmatch(digits):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def _uuid(version: str, variant: str) -> Callable[[str], bool]:
    return _matches(rf"[0-9a-fA-F]{{8}}-?[0-9a-fA-F]{{4}}-?{version}-?{variant}-?[0-9a-fA-F]{{12}}")


_HEX4, _VARIANT = "[0-9a-fA-F]{4}", "[89abAB][0-9a-fA-F]{3}"
_BYTE = r"\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*"
_SHORT_NAME = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_short_name = _matches(_SHORT_NAME)
_long_name = _matches(rf"{_SHORT_NAME}(?:\.{_SHORT_NAME})*")

_FORMATS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches("[0-9a-fA-F]{24}"),
    "uri": is_uri,
    "email": is_email,
    "hostname": is_hostname,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "cidr": is_cidr,
    "mac": _matches(
        r"[0-9a-fA-F]{2}(?:(?P<sep>[:-])[0-9a-fA-F]{2}(?:(?P=sep)[0-9a-fA-F]{2}){4}"
        r"(?:(?:(?P=sep)[0-9a-fA-F]{2}){2}|(?:(?P=sep)[0-9a-fA-F]{2}){14})?"
        r"|[0-9a-fA-F]{2}(?:\.[0-9a-fA-F]{4}){2}(?:\.[0-9a-fA-F]{4}|(?:\.[0-9a-fA-F]{4}){7})?)"
    ),
    "uuid": _uuid(_HEX4, _HEX4),
    "uuid3": _uuid("3[0-9a-fA-F]{3}", _HEX4),
    "uuid4": _uuid("4[0-9a-fA-F]{3}", _VARIANT),
    "uuid5": _uuid("5[0-9a-fA-F]{3}", _VARIANT),
    "isbn": lambda text: is_isbn10(text) or is_isbn13(text),
    "isbn10": is_isbn10,
    "isbn13": is_isbn13,
    "creditcard": is_credit_card,
    "ssn": lambda text: len(text) == 11 and _matches(r"\d{3}[- ]?\d{2}[- ]?\d{4}")(text),
    "hexcolor": _matches("#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": _matches(rf"rgb\({_BYTE},{_BYTE},{_BYTE}\)"),
    "byte": _matches(
        "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})",
    ),
    "password": lambda text: True,
    "date": is_date,
    "duration": is_duration,
    "datetime": is_datetime,
    "k8sshortname": lambda text: len(text) <= 63 and _short_name(text),
    "k8slongname": lambda text: len(text) <= 253 and _long_name(text),
}


def string_format(name: str) -> Callable[[str], bool] | None:
    """The check of a string format, or None if the format is not one of those checked."""
    return _FORMATS.get(name.replace("-", ""))
