"""The admission configuration file: what each plugin is told at start.

Specified in apiserver.config.k8s.io/v1, AdmissionConfiguration (``--admission-control-config-file``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.configuration_file import read_document
from steersman.apiserver.registry.reader import ObjectReader

API_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1")

Configurations = Mapping[str, Mapping[str, Any]]
"""Plugin name to its configuration."""


def load_configurations(path: Path) -> Configurations:
    """Raises ValueError, with one line that names the file, for what cannot be read or is no AdmissionConfiguration."""
    document = _load(path)
    if document.get("kind") != "AdmissionConfiguration" or document.get("apiVersion") not in API_VERSIONS:
        raise ValueError(f"{path}: must be an AdmissionConfiguration of apiVersion {' or '.join(API_VERSIONS)}")
    plugins = document.get("plugins")
    plugins = [] if plugins is None else plugins
    if not isinstance(plugins, list):
        raise ValueError(f"{path}: plugins: must be a list")
    found: dict[str, Mapping[str, Any]] = {}
    for at, plugin in enumerate(plugins):
        name = plugin.get("name") if isinstance(plugin, dict) else None
        if not isinstance(name, str) or not name:
            raise ValueError(f"{path}: plugins[{at}].name: Required value")
        if name in found:
            raise ValueError(f'{path}: plugins[{at}].name: Duplicate value: "{name}"')
        found[name] = _configuration(path, at, plugin)
    return found


def refuse_configuration(name: str, configuration: Mapping[str, Any] | None) -> None:
    """For plugins that have nothing to configure. Raises ValueError."""
    if configuration:
        raise ValueError(f"{name} takes no configuration")


class Unconfigured:
    """A plugin that is made of nothing: neither what the server has nor a configuration."""

    name: str

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls()


class ReadsObjects:
    """A plugin that is made of what is stored."""

    name: str

    def __init__(self, objects: ObjectReader) -> None:
        self._objects = objects

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects)


class ReadsObjectsOfMinor:
    """A plugin that is made of what is stored, and of which Kubernetes to be: ``minor`` 37 is 1.37."""

    name: str

    def __init__(self, objects: ObjectReader, minor: int) -> None:
        self._objects, self._minor = objects, minor

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.objects, context.minor)


class AsksAuthorizer:
    """A plugin that is made of who knows what users may do."""

    name: str

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        refuse_configuration(cls.name, configuration)
        return cls(context.authorizer)


def _configuration(path: Path, at: int, plugin: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands in the plugin's ``configuration``, or in the file that its ``path`` names."""
    inline, file = plugin.get("configuration"), plugin.get("path")
    if inline is not None and file:
        raise ValueError(f"{path}: plugins[{at}]: only one of path and configuration may be given")
    if inline is None:
        return _load(path.parent / str(file)) if file else {}
    if not isinstance(inline, dict):
        raise ValueError(f"{path}: plugins[{at}].configuration: must be an object")
    return inline


def _load(path: Path) -> Mapping[str, Any]:
    document = read_document(path)
    if not isinstance(document, dict):
        raise ValueError(f"{path}: must be an object")
    return document
