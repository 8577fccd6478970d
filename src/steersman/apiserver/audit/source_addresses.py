"""The addresses that a request came by: those that proxies tell of, then the peer's."""

import ipaddress
from functools import lru_cache

from steersman.apiserver.audit.event import Sender


def source_addresses(sender: Sender) -> list[str]:
    """X-Forwarded-For in its order, X-Real-Ip where it is another one, and the peer, who cannot lie, last."""
    peer = _peer(sender.remote)
    if not sender.forwarded_for and not sender.real_ip:
        return [peer] if peer else []
    found = [one for part in sender.forwarded_for.split(b",") if (one := _address(part.decode("latin-1").strip()))]
    real = _address(sender.real_ip.decode("latin-1"))
    if real and real not in found:
        found.append(real)
    if peer and found[-1:] != [peer]:
        found.append(peer)
    return found


@lru_cache(maxsize=256)
def _peer(remote: str) -> str:
    """A connection's other end, with or without a port; empty where it is no address."""
    host, colon, port = remote.rpartition(":")
    return _address(remote) or (_address(host.strip("[]")) if colon and port.isdecimal() else "")


def _address(text: str) -> str:
    """The address in its usual form, empty for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
