"""The addresses under which other machines reach this one."""

import contextlib
import fcntl
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

# Addresses of documentation (RFC 5737, RFC 3849): what is routed by default takes the same way as they.
_ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_DISCARD_PORT = 9
_GET_INTERFACE_ADDRESS = 0x8915  # SIOCGIFADDR of Linux: a struct ifreq, the IPv4 address from its byte 20
_INTERFACE_ADDRESSES_6 = Path("/proc/net/if_inet6")


def host_addresses() -> list[str]:
    """IPv4 and IPv6 addresses of this machine, sorted, without loopback and link-local ones. Nothing is sent.

    On Linux those of every interface; elsewhere those that lead out of the machine.
    """
    found = {ipaddress.ip_address(text.partition("%")[0]) for text in (*_routed(), *_of_interfaces())}
    return sorted(str(one) for one in found if not (one.is_loopback or one.is_link_local or one.is_unspecified))


def _routed() -> Iterator[str]:
    """The source address of what would be sent away. Connecting a datagram socket sends nothing."""
    for family, elsewhere in _ELSEWHERE:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, _DISCARD_PORT))
            yield probe.getsockname()[0]


def _of_interfaces() -> Iterator[str]:
    if sys.platform != "linux":
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(probe, _GET_INTERFACE_ADDRESS, struct.pack("40s", name.encode()))
                yield socket.inet_ntoa(answer[20:24])
    with contextlib.suppress(OSError):
        for line in _INTERFACE_ADDRESSES_6.read_text().splitlines():
            yield socket.inet_ntop(socket.AF_INET6, bytes.fromhex(line.split()[0]))
