"""AlwaysPullImages: every Pod pulls its images anew, so that a private image needs the credentials each time.

Without it, a Pod could use an image that another tenant's Pod has brought to the node.
"""

from collections.abc import Iterator

from steersman.admission.configuration import Unconfigured
from steersman.admission.pod_spec import PODS, containers, objects_in
from steersman.apimachinery.errors import field_not_supported, forbidden
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.registry.resource import Object

ALWAYS = "Always"


class AlwaysPullImages(Unconfigured):
    name = "AlwaysPullImages"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def admit(self, attributes: Attributes) -> None:
        for _, part, member in _pulls_to_set(attributes):
            part[member] = ALWAYS

    def validate(self, attributes: Attributes) -> None:
        for path, part, member in _pulls_to_set(attributes):
            if part.get(member) != ALWAYS:
                wrong = field_not_supported(f"{path}.{member}", part.get(member) or "", (ALWAYS,))
                raise forbidden(PODS, attributes.name, str(wrong))


def _pulls_to_set(attributes: Attributes) -> Iterator[tuple[str, Object, str]]:
    """Path, object and member of each pull policy; none where the request brings no image that was not there."""
    pod = attributes.object
    if pod is None or attributes.subresource not in ("", "ephemeralcontainers"):
        return
    if attributes.old_object is not None and _images(pod) <= _images(attributes.old_object):
        return
    yield from _pulls(pod)


def _pulls(pod: Object) -> Iterator[tuple[str, Object, str]]:
    for path, container in containers(pod):
        yield path, container, "imagePullPolicy"
    for at, volume in objects_in((pod.get("spec") or {}).get("volumes")):
        if isinstance(volume.get("image"), dict):
            yield f"spec.volumes[{at}].image", volume["image"], "pullPolicy"


def _images(pod: Object) -> set[str]:
    return {part.get("image") or part.get("reference") or "" for _, part, _ in _pulls(pod)}
