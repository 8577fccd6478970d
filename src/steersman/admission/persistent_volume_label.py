"""PersistentVolumeLabel: a PersistentVolume is labelled with the zone and region it is in, and bound to their nodes.

Where a volume is, a labeler knows: the one that ships reads it from a file (``volume_labeler``). The configuration::

    labeler: {file: volumes.yaml}
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from steersman.admission.pod_spec import objects_in
from steersman.admission.volume_labeler import FileLabeler, NotLabelled, VolumeLabeler
from steersman.apimachinery.errors import forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.resource import Object

VOLUMES = GroupResource("", "persistentvolumes")
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_PLACEHOLDER = "placeholder-for-provisioning"
_BETWEEN_ZONES = "__"

_TOPOLOGIES = (
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"),
)
_ZONES = frozenset(zone for zone, _ in _TOPOLOGIES)

_SOURCES = {
    "awsElasticBlockStore": ("volumeID", "AWS EBS volume"),
    "gcePersistentDisk": ("pdName", "GCE PD volume"),
    "azureDisk": ("diskName", "AzureDisk volume"),
    "cinder": ("volumeID", "Cinder volume"),
    "vsphereVolume": ("volumePath", "vSphere Volume"),
    "csi": ("volumeHandle", "CSI volume"),
}
"""Volume source to the member that names the volume, and what messages call it."""


class PersistentVolumeLabel:
    """Labels that the user gave are replaced; a volume that was provisioned with them is taken at its word."""

    name = "PersistentVolumeLabel"
    operations = frozenset((CREATE,))
    resources = frozenset((VOLUMES,))

    def __init__(self, labeler: VolumeLabeler | None) -> None:
        """Without a labeler, volumes that one would have to be asked about are refused."""
        self._labeler = labeler

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        return cls(_labeler(configuration or {}))

    async def admit(self, attributes: Attributes) -> None:
        volume = attributes.object
        if attributes.subresource or volume is None:
            return
        try:
            labels = _provisioned_with(volume) or await self._find(volume)
            requirements = [_requirement(key, value) for key, value in labels.items()]
        except NotLabelled as error:
            raise forbidden(VOLUMES, attributes.name, str(error)) from None
        if labels:
            metadata = volume["metadata"]
            metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
            _require(volume, requirements)

    async def _find(self, volume: Object) -> Mapping[str, str]:
        """What the labeler says; nothing of volumes that are yet to be made, and of kinds that have no place."""
        spec = volume.get("spec") or {}
        for source, (member, spoken) in _SOURCES.items():
            found = spec.get(source)
            if not isinstance(found, dict):
                continue
            identity = found.get(member) or ""
            if identity == _PLACEHOLDER or (source == "csi" and self._labeler is None):
                return {}
            try:
                if self._labeler is None:
                    raise NotLabelled("no labeler is configured")
                return await self._labeler.labels(source, identity, volume)
            except NotLabelled as error:
                raise NotLabelled(f"error querying {spoken} {identity}: {error}") from None
        return {}


def _provisioned_with(volume: Object) -> Mapping[str, str]:
    metadata = volume["metadata"]
    labels = metadata.get("labels") or {}
    if PROVISIONED_BY in (metadata.get("annotations") or {}):
        for topology in _TOPOLOGIES:
            if all(key in labels for key in topology):
                return {key: labels[key] for key in topology}
    return {}


def _requirement(key: str, value: str) -> Object:
    """Of nodes. A disk that is in several zones has them all in one label: ``a__b``."""
    values = [value]
    if key in _ZONES:
        values = sorted({zone.strip() for zone in value.split(_BETWEEN_ZONES)})
        if not all(values):
            raise NotLabelled(f"failed to convert label string for Zone: {value} to a Set")
    return {"key": key, "operator": "In", "values": values}


def _require(volume: Object, requirements: list[Object]) -> None:
    """Have each term of the volume's node affinity ask for them, unless one speaks of the same labels already."""
    spec = volume["spec"]
    affinity = spec.get("nodeAffinity") or {}
    required = affinity.get("required") or {}
    terms = [term for _, term in objects_in(required.get("nodeSelectorTerms"))] or [{}]
    known = {one.get("key") for term in terms for _, one in objects_in(term.get("matchExpressions"))}
    if known.isdisjoint(one["key"] for one in requirements):
        terms = [{**term, "matchExpressions": [*(term.get("matchExpressions") or ()), *requirements]} for term in terms]
        spec["nodeAffinity"] = {**affinity, "required": {**required, "nodeSelectorTerms": terms}}


def _labeler(configuration: Mapping[str, Any]) -> FileLabeler | None:
    """Raises ValueError for what is no configuration of this plugin."""
    if not configuration:
        return None
    labeler = configuration.get("labeler")
    if set(configuration) != {"labeler"} or not isinstance(labeler, dict) or set(labeler) != {"file"}:
        raise ValueError("PersistentVolumeLabel: the configuration must be of the form labeler: {file: PATH}")
    found = FileLabeler(Path(str(labeler["file"])))
    try:
        found.read()
    except ValueError as error:
        raise ValueError(f"PersistentVolumeLabel: {error}") from None
    return found
