"""What a chain is to be made of: plugins by name, in order, with their configurations.

The flags say it, and the AdmissionChain that is stored; both in the form that is here.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

FROM_FLAGS = "admission.steersman.dev/from-flags"
"""The annotation that has the digest of the chain that flags gave: as long as the chain has it, nobody edited it."""


class PluginSetting(NamedTuple):
    """One that is not ``enabled`` keeps its place and its ``configuration``, and is not asked."""

    name: str
    enabled: bool = True
    configuration: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[str, bytes]:
        """What makes two instances of the plugin the same."""
        return self.name, orjson.dumps(self.configuration or None, option=orjson.OPT_SORT_KEYS)


Settings = Sequence[PluginSetting]


def read_settings(chain: Mapping[str, Any]) -> list[PluginSetting]:
    """Those of an AdmissionChain. Raises ValueError for what a foreign writer spoiled."""
    try:
        return [_read(one) for one in chain["spec"]["plugins"]]
    except (AttributeError, KeyError, TypeError):
        raise ValueError("it is no AdmissionChain") from None


def _read(plugin: Mapping[str, Any]) -> PluginSetting:
    name, enabled, configuration = plugin["name"], plugin.get("enabled", True), plugin.get("configuration")
    if not isinstance(name, str) or not isinstance(enabled, bool) or not isinstance(configuration, dict | None):
        raise TypeError
    return PluginSetting(name, enabled, configuration)


def spec_of(settings: Settings) -> dict[str, Any]:
    """The ``spec`` of the AdmissionChain that has these settings."""
    return {"plugins": [_written(one) for one in settings]}


def _written(setting: PluginSetting) -> dict[str, Any]:
    written: dict[str, Any] = {"name": setting.name, "enabled": setting.enabled}
    return written | ({"configuration": dict(setting.configuration)} if setting.configuration else {})


def digest(settings: Settings) -> str:
    """The same for chains that mean the same."""
    meant = [[one.name, one.enabled, one.configuration or None] for one in settings]
    return f"sha256:{sha256(orjson.dumps(meant, option=orjson.OPT_SORT_KEYS)).hexdigest()}"
