"""Kubernetes' address ranges: ``cidr('10.0.0.0/8').containsIP('10.1.2.3')`` and the like."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import ClassVar, Final

from steersman.apimachinery.cel.cost import tenths, traversal
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.libraries.ip import IP, IP_TYPE, parse_ip
from steersman.apimachinery.cel.libraries.strings import quote
from steersman.apimachinery.cel.types import BOOL, INT, STRING, OpaqueType, opaque_type
from steersman.apimachinery.cel.values import Value, size_of


@dataclass(frozen=True, slots=True)
class CIDR:
    """An address with the length of its network's prefix."""

    cel_type: ClassVar[OpaqueType]
    interface: IPv4Interface | IPv6Interface

    @property
    def bits(self) -> int:
        """The length of the prefix."""
        return self.interface.network.prefixlen

    def cel_size(self) -> int:
        """The octets that count, for the cost."""
        return (self.bits + 7) // 8


CIDR.cel_type = CIDR_TYPE = opaque_type("net.CIDR", CIDR)

_PREFIX: Final = re.compile(r"[0-9a-fA-F:.]+/(0|[1-9][0-9]{0,2})", re.ASCII)
_PARSE_ERROR: Final = "network address parse error during conversion from string: "


def parse_cidr(text: str) -> CIDR:
    """Read ``address/bits``. Raises EvaluationError."""
    shown = quote(text)
    try:
        if not _PREFIX.fullmatch(text):
            raise ValueError(text)
        interface = ip_interface(text)
    except ValueError:
        problem = "no '/'" if "/" not in text else "unable to parse prefix"
        raise EvaluationError(f"{_PARSE_ERROR}{_PARSE_ERROR}netip.ParsePrefix({shown}): {problem}") from None
    if isinstance(interface, IPv6Interface) and interface.ip.ipv4_mapped is not None:
        raise EvaluationError(f"{_PARSE_ERROR}IPv4-mapped IPv6 address {shown} is not allowed")
    return CIDR(interface)


def _is_cidr(text: str) -> bool:
    try:
        parse_cidr(text)
    except EvaluationError:
        return False
    return True


def _contains_ip(cidr: CIDR, ip: IP) -> bool:
    return ip.address in cidr.interface.network


def _contains_cidr(cidr: CIDR, other: CIDR) -> bool:
    # An address of the other version is in no network, and raises nothing.
    return other.interface.ip in cidr.interface.network and cidr.bits <= other.bits


def _masked(cidr: CIDR) -> CIDR:
    return CIDR(ip_interface(str(cidr.interface.network)))


def _compare_ip(_: Value, cidr: CIDR, other: Value) -> int:
    parse = tenths(len(other)) if isinstance(other, str) else 0
    return tenths(cidr.cel_size() * 2) + parse


def _compare_cidr(_: Value, cidr: CIDR, other: Value) -> int:
    parse = tenths(size_of(other)) if isinstance(other, str) else 0
    return tenths(cidr.cel_size() * 2) + tenths(cidr.cel_size()) + 1 + parse


CIDR_LIBRARY: Final[Library] = library(
    "kubernetes.net.cidr",
    {
        "cidr": (function((STRING,), CIDR_TYPE, parse_cidr, traversal),),
        "isCIDR": (function((STRING,), BOOL, _is_cidr, traversal),),
        "containsIP": (
            method((CIDR_TYPE, STRING), BOOL, lambda cidr, text: _contains_ip(cidr, parse_ip(text)), _compare_ip),
            method((CIDR_TYPE, IP_TYPE), BOOL, _contains_ip, _compare_ip),
        ),
        "containsCIDR": (
            method((CIDR_TYPE, STRING), BOOL, lambda cidr, text: _contains_cidr(cidr, parse_cidr(text)), _compare_cidr),
            method((CIDR_TYPE, CIDR_TYPE), BOOL, _contains_cidr, _compare_cidr),
        ),
        "ip": (method((CIDR_TYPE,), IP_TYPE, lambda cidr: IP(cidr.interface.ip)),),
        "prefixLength": (method((CIDR_TYPE,), INT, lambda cidr: cidr.bits),),
        "masked": (method((CIDR_TYPE,), CIDR_TYPE, _masked),),
        "string": (function((CIDR_TYPE,), STRING, lambda cidr: str(cidr.interface)),),
    },
    types=(CIDR_TYPE,),
)
