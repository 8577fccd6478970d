"""How an admission webhook is reached: what is wrong with a ``clientConfig`` (admissionregistration.k8s.io)."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from steersman.apimachinery.errors import FieldError, field_invalid, field_required
from steersman.apimachinery.names import check_dns1123_subdomain

FORM = "; desired format: https://host[/path]"
_PORT = 443
_HIGHEST_PORT = 65535


def client_config_problems(config: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        yield field_required(path, "exactly one of url or service is required")
    elif url is not None:
        yield from _url(url, f"{path}.url")
    elif service is not None:
        yield from _service(service, f"{path}.service")


def _url(text: str, path: str) -> Iterator[FieldError]:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        yield field_required(path, f"url must be a valid URL: {error}{FORM}")
        return
    if url.scheme != "https":
        yield field_invalid(path, url.scheme, f"'https' is the only allowed URL scheme{FORM}")
    user, at, host = url.netloc.rpartition("@")
    if not host:
        yield field_invalid(path, host, f"host must be specified{FORM}")
    if at:
        # A password does not go into an error that others read.
        yield field_invalid(path, user.partition(":")[0], "user information is not permitted in the URL")
    if url.fragment:
        yield field_invalid(path, url.fragment, "fragments are not permitted in the URL")
    if url.query:
        yield field_invalid(path, url.query, "query parameters are not permitted in the URL")


def _service(service: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    for field in ("name", "namespace"):
        if not service.get(field):
            yield field_required(f"{path}.{field}")
    port = service.get("port", _PORT)
    if not 1 <= port <= _HIGHEST_PORT:
        yield field_invalid(
            f"{path}.port", port, f"port is not valid: must be between 1 and {_HIGHEST_PORT}, inclusive"
        )
    yield from _path(service.get("path") or "", f"{path}.path")


def _path(text: str, path: str) -> Iterator[FieldError]:
    if text in ("", "/"):
        return
    if text == "//":
        yield field_invalid(path, text, "segment[0] may not be empty")
        return
    if not text.startswith("/"):
        yield field_invalid(path, text, "must start with a '/'")
    for index, segment in enumerate(text[1:].removesuffix("/").split("/")):
        if not segment:
            yield field_invalid(path, text, f"segment[{index}] may not be empty")
            continue
        for problem in check_dns1123_subdomain(segment):
            yield field_invalid(path, text, f"segment[{index}]: {problem}")
