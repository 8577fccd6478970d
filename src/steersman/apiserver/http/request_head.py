"""The checks of a request's head that both faces share: target, header fields, framing (RFC 9110, 9112, 3986).

Whatever a proxy in front might read differently from us is refused, so that no request hides inside another one.
"""

import re
from urllib.parse import unquote_to_bytes

from steersman.apimachinery.errors import ApiError, bad_request

METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}

SINGLE_FIELDS = frozenset(
    (
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"content-encoding",
        b"authorization",
        b"expect",
    )
)

_PLAIN_PATH = re.compile(rb"/[^%\x00-\x20\x7f-\xff?#]*")
_ABSOLUTE = re.compile(rb"https?://[^/?#@\\]+(?=[/?]|$)", re.IGNORECASE)
_BAD_QUERY = re.compile(rb"[\x00-\x20\x7f-\xff#]")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BAD_PATH_BYTE = re.compile(rb"[\x00-\x1f\x7f]")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")
_FIELD_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_BAD_FIELD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.%a-zA-Z~_-]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]*)(?::[0-9]*)?")


def method_not_allowed(method: str) -> ApiError:
    return ApiError(
        405, "MethodNotAllowed", f"the method {method} is not served", headers=(("Allow", ", ".join(METHODS.values())),)
    )


def target_too_long(limit: int) -> ApiError:
    return ApiError(414, "RequestURITooLong", f"the request target is longer than {limit} bytes")


def head_too_large(limit: int) -> ApiError:
    return ApiError(431, "RequestHeaderFieldsTooLarge", f"the request's header is larger than {limit} bytes")


def too_many_fields(limit: int) -> ApiError:
    return ApiError(431, "RequestHeaderFieldsTooLarge", f"the request has more than {limit} header fields")


def body_too_large(limit: int) -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", f"the request's body is larger than {limit} bytes")


def parse_target(target: bytes) -> tuple[str, str]:
    """``target`` as it stands in the request line → (percent-decoded path, raw query).

    Raises 400 for bad escapes, control bytes, dot segments, and escapes that would change the path's segments
    (``%2F``, ``%00``): a path means one thing only, before and after decoding.
    """
    if not target.startswith(b"/"):
        authority = _ABSOLUTE.match(target)
        if authority is None:
            raise bad_request("the request target must be a path")
        target = target[authority.end() :]
        if not target.startswith(b"/"):
            target = b"/" + target
    path, _, query = target.partition(b"?")
    if query and _BAD_QUERY.search(query):
        raise bad_request("the query has characters that must be percent-encoded")
    text = path.decode("ascii") if _PLAIN_PATH.fullmatch(path) else _decode_path(path)
    if "/." in text and _DOT_SEGMENT.search(text):
        raise bad_request("the path has a dot segment")
    return text, query.decode("ascii")


def _decode_path(path: bytes) -> str:
    if b"#" in path or _BAD_PATH_BYTE.search(path) or not path.isascii():
        raise bad_request("the path has characters that must be percent-encoded")
    if _BAD_ESCAPE.search(path):
        raise bad_request("the path has a malformed percent escape")
    if b"%2f" in path.lower():
        raise bad_request("the path has an encoded slash")
    decoded = unquote_to_bytes(path)
    if _BAD_PATH_BYTE.search(decoded):
        raise bad_request("the path has an encoded control character")
    try:
        return decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("the path is not UTF-8") from None


def add_field(fields: dict[bytes, bytes], name: bytes, value: bytes) -> None:
    """Puts a field that came a second time into ``fields``; raises 400 for one that must not be repeated."""
    if name in SINGLE_FIELDS:
        raise bad_request(f"the header {name.decode('ascii', 'replace')} is repeated")
    # A group may have a comma in its name, and no value has a line feed.
    separator = b"\n" if name.startswith(b"impersonate-") else b", "
    fields[name] = fields[name] + separator + value


def check_field(name: bytes, value: bytes) -> None:
    """Raises 400 where ``name`` (lower case) is no token or ``value`` has control bytes."""
    if not _FIELD_NAME.fullmatch(name):
        raise bad_request("a header has an invalid name")
    if _BAD_FIELD_VALUE.search(value):
        raise bad_request(f"the header {name.decode()} has control characters")


def check_host(host: bytes) -> None:
    if not _HOST.fullmatch(host):
        raise bad_request("the header host is malformed")


def check_framing(fields: dict[bytes, bytes]) -> None:
    """Raises 400 unless at most one of Content-Length (digits) and Transfer-Encoding (exactly chunked) is there."""
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if length is not None and coding is not None:
        raise bad_request("both Content-Length and Transfer-Encoding are given")
    if length is not None and not _LENGTH.fullmatch(length):
        raise bad_request("the Content-Length is not a number")
    if coding is not None and coding.lower() != b"chunked":
        raise bad_request("the only transfer coding known here is chunked")
