"""Kubernetes' IP addresses: ``ip('10.0.0.1')``, ``isIP``, ``family()``, ``isLoopback()`` and the like."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import ClassVar, Final

from steersman.apimachinery.cel.cost import traversal, two_traversals
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.libraries.strings import quote
from steersman.apimachinery.cel.types import BOOL, INT, STRING, OpaqueType, opaque_type

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class IP:
    """An address."""

    cel_type: ClassVar[OpaqueType]
    address: Address

    def cel_size(self) -> int:
        """Its octets, for the cost."""
        return len(self.address.packed)


IP.cel_type = IP_TYPE = opaque_type("net.IP", IP)


def parse_ip(text: str) -> IP:
    """Read an address, without zone, and not an IPv4 one in IPv6's clothes. Raises EvaluationError."""
    shown = quote(text)
    try:
        address = ip_address(text)
    except ValueError:
        problem = f"ParseAddr({shown}): unable to parse IP"
        raise EvaluationError(f"IP Address {shown} parse error during conversion from string: {problem}") from None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise EvaluationError(f"IP address {shown} with zone value is not allowed")
        if address.ipv4_mapped is not None:
            raise EvaluationError(f"IPv4-mapped IPv6 address {shown} is not allowed")
    return IP(address)


def _is_ip(text: str) -> bool:
    try:
        parse_ip(text)
    except EvaluationError:
        return False
    return True


def _is_link_local_multicast(address: Address) -> bool:
    packed = address.packed
    if address.version == 4:
        return packed[:3] == b"\xe0\x00\x00"
    return packed[0] == 0xFF and packed[1] & 0x0F == 2


def _is_link_local_unicast(address: Address) -> bool:
    packed = address.packed
    if address.version == 4:
        return packed[:2] == b"\xa9\xfe"
    return packed[0] == 0xFE and packed[1] & 0xC0 == 0x80


def _is_global_unicast(address: Address) -> bool:
    """Any that a single host may have beyond its own link: private ones too."""
    return not (
        address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or _is_link_local_unicast(address)
        or str(address) == "255.255.255.255"
    )


def _property(test: Callable[[Address], bool]) -> Callable[[IP], bool]:
    return lambda ip: test(ip.address)


_PROPERTIES: Final[dict[str, Callable[[Address], bool]]] = {
    "isUnspecified": lambda address: address.is_unspecified,
    "isLoopback": lambda address: address.is_loopback,
    "isLinkLocalMulticast": _is_link_local_multicast,
    "isLinkLocalUnicast": _is_link_local_unicast,
    "isGlobalUnicast": _is_global_unicast,
}

IP_LIBRARY: Final[Library] = library(
    "kubernetes.net.ip",
    {
        "ip": (function((STRING,), IP_TYPE, parse_ip, traversal),),
        "isIP": (function((STRING,), BOOL, _is_ip, traversal),),
        "ip.isCanonical": (
            function((STRING,), BOOL, lambda text: str(parse_ip(text).address) == text, two_traversals),
        ),
        "family": (method((IP_TYPE,), INT, lambda ip: ip.address.version),),
        "string": (function((IP_TYPE,), STRING, lambda ip: str(ip.address)),),
        **{name: (method((IP_TYPE,), BOOL, _property(test)),) for name, test in _PROPERTIES.items()},
    },
    types=(IP_TYPE,),
)
