"""Through which proxy a server is reached: the configured one, or that of the environment (``HTTPS_PROXY``)."""

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from steersman.client.config import ConfigError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` is without the user and password in it, which are in ``authorization`` (RFC 9110, Basic)."""

    url: str
    authorization: str = field(default="", repr=False)


def find_proxy(server: str, proxy_url: str | None, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for ``server`` (a URL), None where it is reached directly.

    Where ``proxy_url`` is None the environment decides, as it does for Go's programs: ``HTTPS_PROXY`` or ``HTTP_PROXY``
    by the server's scheme, except for what ``NO_PROXY`` names and for this machine. Raises ConfigError for a proxy that
    cannot be used.
    """
    if proxy_url is not None:
        return _proxy(proxy_url, "proxy-url")
    target = urlsplit(server)
    variable = f"{target.scheme}_proxy"
    found = _variable(environ, variable)
    if variable == "http_proxy" and "REQUEST_METHOD" in environ:
        # In a CGI program HTTP_PROXY comes from the client's header Proxy.
        found = environ.get(variable, "")
    if not found or _is_local(target.hostname or "") or is_excluded(target, _variable(environ, "no_proxy")):
        return None
    return _proxy(found if "://" in found else f"http://{found}", variable.upper())


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name, "")


def _proxy(url: str, source: str) -> Proxy:
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        raise ConfigError(f"{source}: could not be parsed") from None
    if split.scheme not in _PORTS:
        raise ConfigError(f'{source}: proxies of the scheme "{split.scheme}" are not supported, use http or https')
    if not host:
        raise ConfigError(f"{source}: names no host")
    user = f"{unquote(split.username or '')}:{unquote(split.password or '')}"
    authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if "@" in split.netloc else ""
    name = f"[{host}]" if ":" in host else host
    return Proxy(f"{split.scheme}://{name}:{port or _PORTS[split.scheme]}", authorization)


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_excluded(target: SplitResult, no_proxy: str) -> bool:
    """Whether ``no_proxy`` names the target: ``*``, or a list of addresses, networks (CIDR) and domain names.

    A name stands for itself and all below it, with a dot before it only for those below it; ``host:port`` for one port.
    """
    host = (target.hostname or "").rstrip(".")
    port = target.port or _PORTS.get(target.scheme)
    return any(_names(entry.strip().lower(), host, port) for entry in no_proxy.split(","))


def _names(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdecimal() and (name.endswith("]") or ":" not in name):
        if int(digits) != port:
            return False
        entry = name
    entry = entry.removeprefix("[").removesuffix("]")
    address = _address(host)
    if not entry:
        return False
    if address is not None:
        return _holds(entry, address)
    suffix = entry.removeprefix("*")
    return host.endswith(suffix) if suffix.startswith(".") else host == suffix or host.endswith(f".{suffix}")


def _holds(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
