"""URLs of servers and proxies, checked and brought into one form."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from steersman.client.config.errors import ConfigError

_PROXY_SCHEMES = ("http", "https", "socks5")


def server_url(server: str, default_scheme: str) -> str:
    """``https://host:port/prefix``, without query, fragment and last slash, from a URL, a host or a ``host:port``.

    Raises ConfigError if it is none of them; then the message does not repeat what might be a password.
    """
    url = _split(server)
    if url is None or not url.scheme or not url.netloc:
        url = _split(f"{default_scheme}://{server}")
        if url is None or not url.hostname or url.path not in ("", "/"):
            raise ConfigError("server: must be a URL or a host:port pair")
    if url.scheme not in ("http", "https"):
        raise ConfigError(f'server: unsupported scheme "{url.scheme}", must be http or https')
    return urlunsplit((url.scheme, url.netloc, url.path.rstrip("/"), "", ""))


def check_proxy_url(proxy_url: str) -> None:
    """Raises ConfigError if the URL's scheme is none that a proxy can have (http, https, socks5)."""
    url = _split(proxy_url)
    if url is None:
        raise ConfigError("proxy-url: could not be parsed")
    if url.scheme not in _PROXY_SCHEMES:
        raise ConfigError(f'proxy-url: unsupported scheme "{url.scheme}", must be http, https, or socks5')


def without_password(url: str) -> str:
    """The URL as it may be shown: a user and password in it are left out."""
    split = _split(url)
    if split is None or "@" not in split.netloc:
        return url
    return urlunsplit(split._replace(netloc=f"xxxxx@{split.netloc.rpartition('@')[2]}"))


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
        _ = split.port
    except ValueError:
        return None
    return split
