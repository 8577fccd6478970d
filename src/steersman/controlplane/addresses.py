"""The addresses that a control plane listens on."""

import contextlib
import ipaddress
import os
import ssl

from steersman.apiserver.http.server import HttpServer


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT; no host is every address. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} is not an address: write HOST:PORT")
    return host.removeprefix("[").removesuffix("]") or "0.0.0.0", int(port)  # noqa: S104 (asked for)


def parse_loopback(text: str) -> tuple[str, int]:
    """As above. Raises ValueError for what other machines could reach."""
    host, port = parse_address(text)
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return host, port
    raise ValueError(f"plain HTTP is served on a loopback address only, not on {host}")


async def listen_on(http: HttpServer, host: str, port: int, context: ssl.SSLContext | None = None) -> int:
    """The port that was bound. Raises OSError that says which address cannot be listened on, and why."""
    try:
        _, bound = await http.listen(host, port, context)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise OSError(f"cannot listen on {host}:{port}: {reason}") from error
    return bound


def reachable(host: str) -> str:
    """The host as a client on this machine writes it in a URL."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
