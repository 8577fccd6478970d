"""Defaults of pods, and of the pod specs in templates, that depend on other fields."""

from collections.abc import Iterator
from typing import Any

from steersman.apiserver.registry.resource import Object

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def complete_pod(obj: Object) -> None:
    """Of pods only: what a template leaves open until a pod is made of it."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    complete_pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    for container in _containers(spec, _CONTAINERS[:2]):
        _request_what_is_limited(container)
        if spec.get("hostNetwork"):
            for port in mappings(container.get("ports")):
                if not port.get("hostPort") and "containerPort" in port:
                    port["hostPort"] = port["containerPort"]


def complete_pod_spec(spec: Any) -> None:
    """An image without a tag, or with ``latest``, is always pulled; a volume of no kind is an empty directory."""
    if not isinstance(spec, dict):
        return
    for container in _containers(spec, _CONTAINERS):
        if container.get("image") and not container.get("imagePullPolicy"):
            container["imagePullPolicy"] = _pull_policy(container["image"])
    for volume in mappings(spec.get("volumes")):
        if not any(value is not None for key, value in volume.items() if key != "name"):
            volume["emptyDir"] = {}
        image = volume.get("image")
        if isinstance(image, dict) and not image.get("pullPolicy"):
            image["pullPolicy"] = _pull_policy(image.get("reference") or "")


def mappings(values: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list that may be missing or hold nulls."""
    return (value for value in values or () if isinstance(value, dict))


def _containers(spec: dict[str, Any], fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for field in fields:
        yield from mappings(spec.get(field))


def _pull_policy(image: str) -> str:
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _request_what_is_limited(container: dict[str, Any]) -> None:
    resources = container.get("resources")
    if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
        requests = {**resources["limits"], **(resources.get("requests") or {})}
        if requests:
            resources["requests"] = requests
