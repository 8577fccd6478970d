"""Plugins of other packages, found by their entry points. What is wrong with one is told in a line that names it.

To be imported only where somebody asks for one: looking through the installed packages takes time.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any

from steersman.apiserver.admission import AdmissionPlugin
from steersman.apiserver.admission.context import PluginContext, PluginFactory

GROUP = "steersman.admission"
"""The group of entry points in which packages name their plugins: each plugin's name, and its factory."""


def found() -> EntryPoints:
    return entry_points(group=GROUP)


class OtherPackagesFactory:
    """Makes the plugin called ``name``, which has to be among those ``found``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create(self, context: PluginContext, configuration: Mapping[str, Any] | None) -> AdmissionPlugin:
        """Raises ValueError for a configuration that is wrong, and for whatever keeps the plugin from being made."""
        factory = self._load(self._entry_point())
        try:
            plugin = factory.create(context, configuration)
        except ValueError as error:
            raise self._refusal("is not configured", _one_line(error)) from error
        except Exception as error:
            raise self._refusal("cannot be made", f"{type(error).__name__}: {_one_line(error)}") from error
        if missing := [one for one in ("name", "operations", "resources") if not hasattr(plugin, one)]:
            raise self._refusal("cannot be made", f"it has no {', '.join(missing)}")
        return plugin

    def _entry_point(self) -> EntryPoint:
        brought = {one.value: one for one in found().select(name=self._name)}
        if len(brought) > 1:
            raise self._refusal("is brought by several packages", ", ".join(sorted(brought)))
        return next(iter(brought.values()))

    def _load(self, entry_point: EntryPoint) -> PluginFactory:
        try:
            factory: PluginFactory = entry_point.load()
        except Exception as error:
            raise self._refusal(f"cannot be loaded from {entry_point.value}", _one_line(error)) from error
        if not callable(getattr(factory, "create", None)):
            raise self._refusal("cannot be made", f"{entry_point.value} has no method create")
        return factory

    def _refusal(self, what: str, why: str) -> ValueError:
        return ValueError(f'admission plugin "{self._name}" {what}: {why}')


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
