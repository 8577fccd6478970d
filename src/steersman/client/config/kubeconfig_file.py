"""Reading kubeconfig files: fields by a table, wrong ones named with their file; KUBECONFIG's list of files."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from steersman.apimachinery.errors import ApiError
from steersman.client.config.errors import ConfigError
from steersman.client.config.exec_plugin import API_VERSIONS, CLUSTER_EXTENSION, IF_AVAILABLE, ExecPlugin, decode_base64
from steersman.client.config.kubeconfig import Cluster, Context, Kubeconfig, User, merge

T = TypeVar("T")
Decoder = Callable[[Any, str], Any]
Fields = Mapping[str, tuple[str, Decoder]]


class _Wrong(Exception):
    """A value that its field cannot have."""


def load_kubeconfig(path: str | Path) -> Kubeconfig:
    """The one file, which must exist. Raises ConfigError with a line for each thing wrong."""
    try:
        body = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_kubeconfig(body, str(path))


def load_kubeconfigs(paths: Iterable[str]) -> Kubeconfig:
    """The files merged; empty names and files that do not exist are passed over, and each file is read once.

    Raises ConfigError with the problems of all files.
    """
    files: list[Kubeconfig] = []
    problems: list[str] = []
    for path in dict.fromkeys(paths):
        if not path or not os.path.exists(path):
            continue
        try:
            files.append(load_kubeconfig(path))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return merge(files)


def parse_kubeconfig(body: bytes, origin: str) -> Kubeconfig:
    """What a file's content says; ``origin`` is its path, for messages and as the base of relative paths in it.

    Raises ConfigError with the file and the field.
    """
    try:
        document = _document(body)
        if document is None:
            return Kubeconfig()
        for name, expected in (("apiVersion", "v1"), ("kind", "Config")):
            if _string(document.get(name), name) not in ("", expected):
                raise _Wrong(f'{name}: must be "{expected}"')
        directory = os.path.dirname(os.path.abspath(origin))
        return Kubeconfig(
            clusters=_named(document, "clusters", "cluster", _cluster(origin, directory)),
            users=_named(document, "users", "user", _user(origin, directory)),
            contexts=_named(document, "contexts", "context", lambda value, path: _context(value, path, origin)),
            current_context=_string(document.get("current-context"), "current-context"),
        )
    except _Wrong as error:
        raise ConfigError(f"{origin}: {error}") from None


def _document(body: bytes) -> dict[str, Any] | None:
    # Imported for those who have a file: a client inside the server's process has none.
    from steersman.apimachinery.encoding import yaml

    try:
        document = yaml.decode(body)
    except ApiError as error:
        # Only what the scanner and parser say names no content.
        found = re.search(r"yaml: (line \d+: .*)", error.message)
        raise _Wrong(f"is not YAML: {found[1]}" if found else "is not YAML that can be read") from None
    if document is not None and not isinstance(document, dict):
        raise _Wrong("must be a mapping with clusters, users and contexts")
    return document


def _named(document: dict[str, Any], listed: str, key: str, decode: Callable[[Any, str], T]) -> dict[str, T]:
    entries: dict[str, T] = {}
    for index, entry in enumerate(_list(document.get(listed), listed)):
        path = f"{listed}[{index}]"
        entry = _mapping(entry, path)
        name = _string(entry.get("name"), f"{path}.name")
        if name in entries:
            raise _Wrong(f'{path}.name: duplicate name "{name}"')
        entries[name] = decode(entry.get(key), f"{path}.{key}")
    return entries


def _string(value: Any, path: str) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        raise _Wrong(f"{path}: must be a string")
    return value


def _boolean(value: Any, path: str) -> bool:
    if value is None:
        return False
    if type(value) is not bool:
        raise _Wrong(f"{path}: must be true or false")
    return value


def _data(value: Any, path: str) -> bytes:
    try:
        return decode_base64(_string(value, path))
    except ValueError:
        raise _Wrong(f"{path}: must be base64") from None


def _list(value: Any, path: str) -> list[Any]:
    if value is None:
        return []
    if type(value) is not list:
        raise _Wrong(f"{path}: must be a list")
    return value


def _mapping(value: Any, path: str) -> dict[str, Any]:
    if value is None:
        return {}
    if type(value) is not dict:
        raise _Wrong(f"{path}: must be a mapping")
    return value


def _strings(value: Any, path: str) -> tuple[str, ...]:
    return tuple(_string(one, f"{path}[{index}]") for index, one in enumerate(_list(value, path)))


def _string_lists(value: Any, path: str) -> dict[str, tuple[str, ...]]:
    return {key: _strings(one, f"{path}.{key}") for key, one in _mapping(value, path).items()}


def _environment(value: Any, path: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for index, entry in enumerate(_list(value, path)):
        at = f"{path}[{index}]"
        entry = _mapping(entry, at)
        pairs.append((_string(entry.get("name"), f"{at}.name"), _string(entry.get("value"), f"{at}.value")))
    return tuple(pairs)


def _exec_extension(value: Any, path: str) -> Any:
    """The content of the one extension that counts."""
    entries = [_mapping(entry, f"{path}[{index}]") for index, entry in enumerate(_list(value, path))]
    return next((entry.get("extension") for entry in entries if entry.get("name") == CLUSTER_EXTENSION), None)


def _provider_name(value: Any, path: str) -> str:
    return "" if value is None else _string(_mapping(value, path).get("name"), f"{path}.name") or "unnamed"


def _exec(value: Any, path: str) -> ExecPlugin | None:
    if value is None:
        return None
    fields = _decoded(_mapping(value, path), path, _EXEC)
    # Only v1 asks for the mode to be said.
    if not fields["interactive_mode"] and fields["api_version"] == API_VERSIONS[1]:
        fields["interactive_mode"] = IF_AVAILABLE
    return ExecPlugin(**fields)


_CLUSTER: Fields = {
    "server": ("server", _string),
    "tls-server-name": ("tls_server_name", _string),
    "insecure-skip-tls-verify": ("insecure_skip_tls_verify", _boolean),
    "certificate-authority": ("certificate_authority", _string),
    "certificate-authority-data": ("certificate_authority_data", _data),
    "proxy-url": ("proxy_url", _string),
    "disable-compression": ("disable_compression", _boolean),
    "extensions": ("exec_config", _exec_extension),
}

_USER: Fields = {
    "client-certificate": ("client_certificate", _string),
    "client-certificate-data": ("client_certificate_data", _data),
    "client-key": ("client_key", _string),
    "client-key-data": ("client_key_data", _data),
    "token": ("token", _string),
    "tokenFile": ("token_file", _string),
    "as": ("impersonate", _string),
    "as-uid": ("impersonate_uid", _string),
    "as-groups": ("impersonate_groups", _strings),
    "as-user-extra": ("impersonate_extra", _string_lists),
    "username": ("username", _string),
    "password": ("password", _string),
    "auth-provider": ("auth_provider", _provider_name),
    "exec": ("exec", _exec),
}

_CONTEXT: Fields = {
    "cluster": ("cluster", _string),
    "user": ("user", _string),
    "namespace": ("namespace", _string),
}

_EXEC: Fields = {
    "command": ("command", _string),
    "apiVersion": ("api_version", _string),
    "args": ("args", _strings),
    "env": ("env", _environment),
    "installHint": ("install_hint", _string),
    "provideClusterInfo": ("provide_cluster_info", _boolean),
    "interactiveMode": ("interactive_mode", _string),
}


def _decoded(value: Mapping[str, Any], path: str, fields: Fields) -> dict[str, Any]:
    return {attribute: decode(value.get(name), f"{path}.{name}") for name, (attribute, decode) in fields.items()}


def _absolute(directory: str, path: str) -> str:
    return path if not path or os.path.isabs(path) else os.path.normpath(os.path.join(directory, path))


def _cluster(origin: str, directory: str) -> Callable[[Any, str], Cluster]:
    def decode(value: Any, path: str) -> Cluster:
        cluster = Cluster(**_decoded(_mapping(value, path), path, _CLUSTER), origin=origin)
        return replace(cluster, certificate_authority=_absolute(directory, cluster.certificate_authority))

    return decode


def _user(origin: str, directory: str) -> Callable[[Any, str], User]:
    def decode(value: Any, path: str) -> User:
        user = User(**_decoded(_mapping(value, path), path, _USER), origin=origin)
        plugin = user.exec
        if plugin is not None and os.sep in plugin.command:
            plugin = replace(plugin, command=_absolute(directory, plugin.command))
        return replace(
            user,
            client_certificate=_absolute(directory, user.client_certificate),
            client_key=_absolute(directory, user.client_key),
            token_file=_absolute(directory, user.token_file),
            exec=plugin,
        )

    return decode


def _context(value: Any, path: str, origin: str) -> Context:
    return Context(**_decoded(_mapping(value, path), path, _CONTEXT), origin=origin)
