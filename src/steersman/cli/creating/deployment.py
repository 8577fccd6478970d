"""A Deployment of images."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def deployment_of(name: str, images: Sequence[str], replicas: int, port: int) -> Json:
    """The fields of a Deployment with a container for each image; ``port`` is the first one's, 0 for none."""
    labels = {"app": name}
    containers: list[Json] = [{"name": container_name(image), "image": image, "resources": {}} for image in images]
    if port:
        containers[0]["ports"] = [{"containerPort": port}]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
        "status": {},
    }


def container_name(image: str) -> str:
    """``registry/team/nginx:1.27`` runs in a container ``nginx``."""
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0].lower().replace("_", "-")
