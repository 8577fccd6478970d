"""``--runtime-config``: turning versions and resources of the built-in API on and off, as kube-apiserver does."""

from collections.abc import Iterable

from msgspec import Struct, field

from steersman.apimachinery.group_version import GroupVersion, GroupVersionResource, version_priority
from steersman.apis.catalog.data_file import DataFile

_VALUES = {"": True, "true": True, "false": False}
_STAGES = ("ga", "beta", "alpha")
_STAGE_KEYS = ("api/all", *(f"api/{stage}" for stage in _STAGES))


class RuntimeConfig(Struct, frozen=True):
    """What is turned on (True) and off (False), the more specific winning over the more general.

    ``stages`` has the keys ``all``, ``ga``, ``beta``, ``alpha``; it concerns what the emulated minor knows.
    ``versions`` and ``resources`` also reach what that minor no longer has.
    """

    stages: dict[str, bool] = field(default_factory=dict)
    versions: dict[GroupVersion, bool] = field(default_factory=dict)
    resources: dict[GroupVersionResource, bool] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "RuntimeConfig":
        """Read the flag's value: comma-separated ``api/all``, ``api/ga``, ``api/beta``, ``api/alpha``,
        ``<group>/<version>`` or ``<group>/<version>/<resource>`` (``v1`` or ``api/v1`` for the core group), each with
        ``=true`` (also when left out) or ``=false``.

        Raises ValueError with one line for a value that is neither, and for a name that no minor of Kubernetes has.
        """
        config = cls()
        for item in filter(None, (part.strip() for part in text.split(","))):
            key, _, value = item.partition("=")
            if value.lower() not in _VALUES:
                raise ValueError(f"runtime-config: {item}: the value must be true or false")
            config._set(key, _VALUES[value.lower()])
        if config.versions or config.resources:
            config._check_names()
        return config

    def _set(self, key: str, value: bool) -> None:
        if key in _STAGE_KEYS:
            self.stages[key.removeprefix("api/")] = value
            return
        parts = key.split("/")
        if parts[0] == "api":
            parts[0] = ""
        elif is_version(parts[0]):
            parts.insert(0, "")
        match parts:
            case [group, version]:
                self.versions[GroupVersion(group, version)] = value
            case [group, version, resource]:
                self.resources[GroupVersionResource(group, version, resource)] = value
            case _:
                raise ValueError(f"runtime-config: {key}: write <group>/<version> or <group>/<version>/<resource>")

    def _check_names(self) -> None:
        resources = {GroupVersionResource(*row[:3]) for row in DataFile().index["resources"]}
        versions = {resource.group_version for resource in resources}
        for version in self.versions:
            if version not in versions:
                raise _unknown(str(version), map(str, versions))
        for resource in self.resources:
            if resource not in resources:
                raise _unknown(_path(resource), map(_path, resources))

    def stage(self, version: str) -> bool | None:
        """What is said of all versions of the stability that ``version`` has; None when nothing is."""
        stage = _STAGES[version_priority(version)[0]]
        return self.stages.get(stage, self.stages.get("all"))


def is_version(text: str) -> bool:
    """Whether the text looks like ``v1`` or ``v2beta1``."""
    return version_priority(text)[0] < len(_STAGES)


def _path(resource: GroupVersionResource) -> str:
    return f"{resource.group_version}/{resource.resource}"


def _unknown(name: str, known: Iterable[str]) -> ValueError:
    from difflib import get_close_matches  # only for the message: importing it costs as much as reading the index

    close = get_close_matches(name, sorted(known), n=4, cutoff=0.5)
    hint = f"; close to it: {', '.join(close)}" if close else ""
    return ValueError(f"runtime-config: no minor version of Kubernetes has {name}{hint}")
