"""Kubernetes' URLs: ``url('https://example.com:80/path?k=v').getHost()``, read as Go's net/url does."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import quote as percent_quote
from urllib.parse import unquote

from steersman.apimachinery.cel.cost import traversal
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.libraries.strings import quote
from steersman.apimachinery.cel.types import BOOL, STRING, OpaqueType, list_type, map_type, opaque_type


@dataclass(frozen=True, slots=True)
class URL:
    """The parts of a URL. ``host`` has the port, ``path`` and ``query`` are as written."""

    cel_type: ClassVar[OpaqueType]
    scheme: str
    user: str
    host: str
    path: str
    query: str
    fragment: str


URL.cel_type = URL_TYPE = opaque_type("kubernetes.URL", URL)

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_BAD_ESCAPE: Final = re.compile(r"%(?:[0-9a-fA-F]{2})?")
_BAD_HOST: Final = re.compile(r"[\s<>\"^`{}|\\]")
_PORT: Final = re.compile(r"(?::[0-9]*)?", re.ASCII)
_PLAIN_PATH: Final = re.compile(r"(?:[A-Za-z0-9\-_.~!$&'()*+,;=:@\[\]/]|%[0-9a-fA-F]{2})*", re.ASCII)


def check_request_uri(text: str) -> None:
    """Refuse what is neither an absolute URI nor an absolute path. Raises EvaluationError."""
    _parse(text, request=True)


def _parse_url(text: str) -> URL:
    try:
        check_request_uri(text)
        return _parse(text, request=False)
    except EvaluationError as error:
        raise EvaluationError(f"URL parse error during conversion from string: {error.message}") from None


def _parse(text: str, request: bool) -> URL:
    def wrong(problem: str) -> EvaluationError:
        return EvaluationError(f"parse {quote(text)}: {problem}")

    rest, fragment = text, ""
    if not request:
        rest, _, fragment = text.partition("#")
    if _CONTROL.search(rest):
        raise wrong("net/url: invalid control character in URL")
    if not rest and request:
        raise wrong("empty url")
    if rest == "*":
        return URL("", "", "", "*", "", fragment)
    match = _SCHEME.match(rest)
    scheme = match[1].lower() if match else ""
    if rest.startswith(":"):
        raise wrong("missing protocol scheme")
    rest, _, query = rest[match.end() if match else 0 :].partition("?")
    if not rest.startswith("/"):
        if scheme:
            return URL(scheme, "", "", "", query, fragment)
        if request:
            raise wrong("invalid URI for request")
    user = host = ""
    if rest.startswith("//") and (scheme or not request) and not rest.startswith("///"):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, _, host = authority.rpartition("@")
        if problem := _host_problem(host):
            raise wrong(problem)
        host = unquote(host)
    if problem := _escape_problem(rest):
        raise wrong(problem)
    return URL(scheme, user, host, rest, query, fragment)


def _escape_problem(text: str) -> str:
    for match in _BAD_ESCAPE.finditer(text):
        if len(match[0]) == 1:
            return f"invalid URL escape {quote(text[match.start() : match.start() + 3])}"
    return ""


def _host_problem(host: str) -> str:
    """What is wrong with a host and its port, empty if nothing is."""
    port = ""
    if host.startswith("["):
        end = host.rfind("]")
        if end < 0:
            return "missing ']' in host"
        port = host[end + 1 :]
    elif ":" in host:
        port = host[host.rindex(":") :]
    if not _PORT.fullmatch(port):
        return f"invalid port {quote(port)} after host"
    if found := _BAD_HOST.search(host):
        return f"invalid character {quote(found[0])} in host name"
    return _escape_problem(host)


def _is_url(text: str) -> bool:
    try:
        check_request_uri(text)
    except EvaluationError:
        return False
    return True


def _split_host(url: URL) -> tuple[str, str]:
    if url.host.startswith("["):
        name, _, port = url.host[1:].partition("]")
        return name, port.removeprefix(":")
    name, colon, port = url.host.rpartition(":")
    return (name, port) if colon else (url.host, "")


def _escaped_path(url: URL) -> str:
    if _PLAIN_PATH.fullmatch(url.path):
        return url.path
    return percent_quote(unquote(url.path), safe="$&+,/:;=@~")


def _query(url: URL) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for pair in url.query.split("&"):
        # As Go does: what it cannot read is left out.
        if not pair or ";" in pair or _escape_problem(pair):
            continue
        key, _, value = pair.partition("=")
        values.setdefault(_unquote_query(key), []).append(_unquote_query(value))
    return values


def _unquote_query(text: str) -> str:
    return unquote(text.replace("+", " "))


URL_LIBRARY: Final[Library] = library(
    "kubernetes.urls",
    {
        "url": (function((STRING,), URL_TYPE, _parse_url, traversal),),
        "isURL": (function((STRING,), BOOL, _is_url),),
        "getScheme": (method((URL_TYPE,), STRING, lambda url: url.scheme),),
        "getHost": (method((URL_TYPE,), STRING, lambda url: url.host),),
        "getHostname": (method((URL_TYPE,), STRING, lambda url: _split_host(url)[0]),),
        "getPort": (method((URL_TYPE,), STRING, lambda url: _split_host(url)[1]),),
        "getEscapedPath": (method((URL_TYPE,), STRING, _escaped_path),),
        "getQuery": (method((URL_TYPE,), map_type(STRING, list_type(STRING)), _query),),
    },
    types=(URL_TYPE,),
)
