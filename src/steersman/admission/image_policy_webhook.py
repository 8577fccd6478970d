"""ImagePolicyWebhook: a backend says of the images of each Pod whether they may run.

It is sent an ImageReview (imagepolicy.k8s.io/v1alpha1), and its answers are kept for a while. The configuration::

    imagePolicy:
      kubeConfigFile: /etc/kubernetes/image-policy.kubeconfig
      allowTTL: 50        # seconds; -1 for none, 0 for the default of 5 minutes
      denyTTL: 50         # seconds; -1 for none, 0 for the default of 30 seconds
      retryBackoff: 500   # milliseconds before the second try; 0 for the default of 500
      defaultAllow: true  # whether Pods are let through that the backend says nothing of

Specified in "Admission Control in Kubernetes", ImagePolicyWebhook.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import orjson

from steersman.admission.image_policy_backend import ImagePolicyBackend
from steersman.admission.pod_spec import EPHEMERAL, INIT, MAIN, PODS, containers
from steersman.apimachinery.errors import forbidden
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext
from steersman.apiserver.registry.resource import Object
from steersman.apiserver.review_webhook import FIRST_PAUSE_SECONDS, AnswerCache, ReviewFailed, ask

API_VERSION = "imagepolicy.k8s.io/v1alpha1"
AUDIT_PREFIX = "imagepolicywebhook.image-policy.k8s.io/"
FAILED_OPEN = f"{AUDIT_PREFIX}failed-open"

_SENT_ANNOTATIONS = ".image-policy.k8s.io/"
_KINDS = {"": (MAIN, INIT), "ephemeralcontainers": (EPHEMERAL,)}
"""By subresource, whose images are reviewed, in the order in which they are sent."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class ImagePolicyOptions:
    """Times are in seconds; answers with none are not kept."""

    kubeconfig: Path
    allow_ttl: float
    deny_ttl: float
    retry_backoff: float
    default_allow: bool


class ImagePolicyWebhook:
    name = "ImagePolicyWebhook"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((PODS,))

    def __init__(self, options: ImagePolicyOptions, clock: Clock = time.monotonic) -> None:
        """``clock`` is in seconds, and does not go back. Raises ValueError for a kubeconfig that cannot be used."""
        self._options = options
        self._backend = ImagePolicyBackend(options.kubeconfig)
        self._answers: AnswerCache[Object] = AnswerCache(clock)
        self._pause = partial(_pause, options.retry_backoff / FIRST_PAUSE_SECONDS)

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        try:
            return cls(_options(configuration or {}))
        except ValueError as error:
            raise ValueError(f"{cls.name}: {error}") from None

    async def validate(self, attributes: Attributes) -> None:
        pod = attributes.object
        if pod is None or attributes.subresource not in _KINDS:
            return
        try:
            status = await self._review(_spec(pod, attributes))
        except ReviewFailed as failure:
            if not self._options.default_allow:
                raise forbidden(PODS, attributes.name, str(failure)) from None
            attributes.add_annotation(FAILED_OPEN, "true")
            return
        for key, value in (status.get("auditAnnotations") or {}).items():
            attributes.add_annotation(AUDIT_PREFIX + key, str(value))
        if status.get("allowed") is not True:
            reason = status.get("reason")
            told = f"image policy webhook backend denied one or more images: {reason}"
            message = told if reason else "one or more images rejected by webhook backend"
            raise forbidden(PODS, attributes.name, message)

    async def close(self) -> None:
        await self._backend.close()

    async def _review(self, spec: Object) -> Object:
        """The ImageReviewStatus. Raises ReviewFailed."""
        key = orjson.dumps(spec)
        kept = self._answers.get(key)
        if kept is not None:
            return kept
        review = {"apiVersion": API_VERSION, "kind": "ImageReview", "metadata": {}, "spec": spec}
        answered = await ask(self._backend.post, {**review, "status": {"allowed": False}}, self._pause)
        status = answered.get("status") or {}
        if not isinstance(status, dict) or not isinstance(status.get("auditAnnotations") or {}, dict):
            raise ReviewFailed("the backend's answer is no ImageReview")
        options = self._options
        self._answers.put(key, status, options.allow_ttl if status.get("allowed") is True else options.deny_ttl)
        return status


def _spec(pod: Object, attributes: Attributes) -> Object:
    kinds = _KINDS[attributes.subresource]
    images = [{"image": one.get("image") or ""} for kind in kinds for _, one in containers(pod, (kind,))]
    annotations = pod["metadata"].get("annotations") or {}
    sent = {key: value for key, value in sorted(annotations.items()) if _SENT_ANNOTATIONS in key}
    return {"containers": images, **({"annotations": sent} if sent else {}), "namespace": attributes.namespace}


async def _pause(factor: float, seconds: float) -> None:
    """As long as was said, instead of what is usual."""
    await asyncio.sleep(seconds * factor)


_DURATIONS = {
    # Member: default, minimum and maximum, in the unit of the member, and this unit in seconds.
    "allowTTL": (300, 1, 1800, 1.0),
    "denyTTL": (30, 1, 1800, 1.0),
    "retryBackoff": (500, 1, 300_000, 0.001),
}


def _options(configuration: Mapping[str, Any]) -> ImagePolicyOptions:
    """Raises ValueError, naming the member, for what is no configuration of this plugin."""
    policy = configuration.get("imagePolicy")
    if set(configuration) != {"imagePolicy"} or not isinstance(policy, dict):
        raise ValueError("the configuration must have imagePolicy, and nothing else")
    if unknown := sorted(set(policy) - {*_DURATIONS, "kubeConfigFile", "defaultAllow"}):
        raise ValueError(f'imagePolicy: unknown field "{unknown[0]}"')
    path, default_allow = policy.get("kubeConfigFile"), policy.get("defaultAllow", False)
    if not isinstance(path, str) or not path:
        raise ValueError("imagePolicy.kubeConfigFile: Required value")
    if not isinstance(default_allow, bool):
        raise ValueError("imagePolicy.defaultAllow: must be true or false")
    allow_ttl, deny_ttl, retry_backoff = (_seconds(policy, member) for member in _DURATIONS)
    return ImagePolicyOptions(Path(path), allow_ttl, deny_ttl, retry_backoff, default_allow)


def _seconds(policy: Mapping[str, Any], member: str) -> float:
    default, least, most, unit = _DURATIONS[member]
    value = policy.get(member, 0)
    if value == -1:
        return 0.0
    if type(value) is not int or (value and not least <= value <= most):
        raise ValueError(f"imagePolicy.{member}: valid value is between {least} and {most}, got {value}")
    return (value or default) * unit
