"""TCP sockets for requests that may wait for hours: a peer that is gone without a word is noticed."""

import socket
from collections.abc import Mapping

_IDLE, _INTERVAL, _PROBES = 30, 5, 3
"""After 30 seconds of silence a probe every 5, cut after 3: 45 seconds in all, as client-go's HTTP/2 pings."""

_OPTIONS: Mapping[str, int] = {
    "TCP_NODELAY": 1,
    "TCP_KEEPIDLE": _IDLE,
    "TCP_KEEPINTVL": _INTERVAL,
    "TCP_KEEPCNT": _PROBES,
    # The same patience for what was sent and is not acknowledged, for which there are no probes (milliseconds).
    "TCP_USER_TIMEOUT": (_IDLE + _INTERVAL * _PROBES) * 1000,
}

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


def open_socket(info: AddressInfo) -> socket.socket:
    """A socket for one of the addresses that ``getaddrinfo`` gave, not connected yet."""
    made = socket.socket(info[0], info[1], info[2])
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _OPTIONS.items():
            # Which of them there are depends on the system.
            if (option := getattr(socket, name, None)) is not None:
                made.setsockopt(socket.IPPROTO_TCP, option, value)
    except OSError:
        made.close()
        raise
    return made
