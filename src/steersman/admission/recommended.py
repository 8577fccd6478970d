"""Recommended chains by name: what kube-apiserver's documentation advised for a release, in the order it gave."""

from collections.abc import Sequence

from steersman.admission import catalog

_SINCE_1_6 = (
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "PersistentVolumeLabel",
    "DefaultStorageClass",
    "ResourceQuota",
    "DefaultTolerationSeconds",
)
_SINCE_1_9 = (
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "PersistentVolumeLabel",
    "DefaultStorageClass",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
    "DefaultTolerationSeconds",
    "MutatingAdmissionWebhook",
)
_OF_RELEASES = {"1.6": _SINCE_1_6, "1.7": _SINCE_1_6, "1.8": _SINCE_1_6, "1.9": _SINCE_1_9}

DEFAULT = "default"
SETS = (*_OF_RELEASES, DEFAULT)
"""The names that stand for a whole chain; ``default`` is today's."""


def resolve(control: Sequence[str]) -> list[str]:
    """The plugins that ``control`` means: those of the set it names, or else themselves."""
    if len(control) != 1 or control[0] not in SETS:
        return list(control)
    if control[0] == DEFAULT:
        return catalog.in_recommended_order(catalog.DEFAULT)
    return list(_OF_RELEASES[control[0]])
