"""ResourceQuotaConfiguration: what nobody may take without a quota that covers it.

Specified in "Resource Quotas", section "Limit Priority Class consumption by default".
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from steersman.admission.resource_quota.evaluator import Selector, read_selectors
from steersman.apimachinery.group_version import GroupResource

KINDS = frozenset(
    (
        ("apiserver.config.k8s.io/v1", "ResourceQuotaConfiguration"),
        ("resourcequota.admission.k8s.io/v1beta1", "Configuration"),
        ("resourcequota.admission.k8s.io/v1alpha1", "Configuration"),
    )
)


class LimitedResource(Struct, frozen=True):
    """Of ``resource``, whose usage has a name that contains one of ``contains``, or that is in one of ``scopes``."""

    resource: GroupResource
    contains: tuple[str, ...]
    scopes: tuple[Selector, ...]


def read_configuration(document: Mapping[str, Any]) -> tuple[LimitedResource, ...]:
    """Raises ValueError, naming the field, for what is no such configuration."""
    if not document:
        return ()
    if (document.get("apiVersion"), document.get("kind")) not in KINDS:
        raise ValueError("ResourceQuota: must be a ResourceQuotaConfiguration of apiVersion apiserver.config.k8s.io/v1")
    limited = document.get("limitedResources") or []
    if not isinstance(limited, list):
        raise ValueError("ResourceQuota: limitedResources: must be a list")
    return tuple(_limited(f"limitedResources[{at}]", one) for at, one in enumerate(limited))


def _limited(path: str, one: Any) -> LimitedResource:
    if not isinstance(one, dict) or not isinstance(one.get("resource"), str) or not one["resource"]:
        raise ValueError(f"ResourceQuota: {path}.resource: Required value")
    contains, scopes = one.get("matchContains") or [], one.get("matchScopes") or []
    if not isinstance(contains, list) or not all(isinstance(part, str) for part in contains):
        raise ValueError(f"ResourceQuota: {path}.matchContains: must be a list of strings")
    if not isinstance(scopes, list) or not all(isinstance(scope, dict) for scope in scopes):
        raise ValueError(f"ResourceQuota: {path}.matchScopes: must be a list of scope selectors")
    resource = GroupResource(one.get("apiGroup") or "", one["resource"])
    return LimitedResource(resource, tuple(contains), tuple(read_selectors(scopes)))
