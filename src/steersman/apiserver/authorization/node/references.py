"""What a pod or a volume refers to: objects that the node which runs it has to read."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Object = dict[str, Any]

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_POD_SECRET_VOLUMES = (
    ("cephfs", "secretRef"),
    ("cinder", "secretRef"),
    ("flexVolume", "secretRef"),
    ("rbd", "secretRef"),
    ("scaleIO", "secretRef"),
    ("iscsi", "secretRef"),
    ("storageos", "secretRef"),
    ("csi", "nodePublishSecretRef"),
)
_VOLUME_SECRETS = (*_POD_SECRET_VOLUMES, ("csi", "nodeStageSecretRef"), ("csi", "nodeExpandSecretRef"))
MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that a node itself made: such a pod gives the node nothing."""


class Reference(NamedTuple):
    resource: str
    namespace: str
    name: str


def of_pod(pod: Object) -> Iterator[Reference]:
    """The secrets, config maps, claims and the service account of a pod."""
    spec, meta = pod.get("spec") or {}, pod["metadata"]
    if MIRROR in (meta.get("annotations") or {}):
        return
    namespace = meta["namespace"]
    named = [("serviceaccounts", spec.get("serviceAccountName"))]
    named += [("secrets", one.get("name")) for one in spec.get("imagePullSecrets") or ()]
    named += [one for kind in _CONTAINERS for container in spec.get(kind) or () for one in _of_container(container)]
    for volume in spec.get("volumes") or ():
        named += _of_volume(volume, meta["name"])
    named += [("resourceclaims", name) for name in _claims(pod)]
    yield from (Reference(resource, namespace, name) for resource, name in named if name)


def of_volume(volume: Object) -> Iterator[Reference]:
    """The secrets of a PersistentVolume that its node reads."""
    spec = volume.get("spec") or {}
    claimed = (spec.get("claimRef") or {}).get("namespace") or ""
    file = spec.get("azureFile") or {}
    if file.get("secretName"):
        yield Reference("secrets", file.get("secretNamespace") or claimed, file["secretName"])
    for source, field in _VOLUME_SECRETS:
        reference = (spec.get(source) or {}).get(field) or {}
        if reference.get("name"):
            yield Reference("secrets", reference.get("namespace") or claimed, reference["name"])


def _of_container(container: Object) -> Iterator[tuple[str, Any]]:
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        yield "secrets", (source.get("secretKeyRef") or {}).get("name")
        yield "configmaps", (source.get("configMapKeyRef") or {}).get("name")
    for source in container.get("envFrom") or ():
        yield "secrets", (source.get("secretRef") or {}).get("name")
        yield "configmaps", (source.get("configMapRef") or {}).get("name")


def _of_volume(volume: Object, pod: str) -> Iterator[tuple[str, Any]]:
    yield "secrets", (volume.get("secret") or {}).get("secretName")
    yield "secrets", (volume.get("azureFile") or {}).get("secretName")
    yield "configmaps", (volume.get("configMap") or {}).get("name")
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield "secrets", (source.get("secret") or {}).get("name")
        yield "configmaps", (source.get("configMap") or {}).get("name")
    for source, field in _POD_SECRET_VOLUMES:
        yield "secrets", ((volume.get(source) or {}).get(field) or {}).get("name")
    yield "persistentvolumeclaims", (volume.get("persistentVolumeClaim") or {}).get("claimName")
    if volume.get("ephemeral") is not None:
        yield "persistentvolumeclaims", f"{pod}-{volume.get('name') or ''}"


def _claims(pod: Object) -> Iterator[Any]:
    """Names of resource claims: those that the pod names, and those that were made for it."""
    status = pod.get("status") or {}
    made = {one.get("name"): one.get("resourceClaimName") for one in status.get("resourceClaimStatuses") or ()}
    for claim in (pod.get("spec") or {}).get("resourceClaims") or ():
        yield claim.get("resourceClaimName") or made.get(claim.get("name"))
    yield (status.get("extendedResourceClaimStatus") or {}).get("resourceClaimName")
