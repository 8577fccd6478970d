"""In which version a webhook gets a request: its own, or an equivalent one that a rule names (matchPolicy)."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from steersman.admission.webhook.webhook import Webhook
from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apiserver.registry.resource import Object, Resource


@dataclass(frozen=True, slots=True)
class Invocation:
    """``webhook`` is called with the object as one of ``resource``; ``index`` is its place among all webhooks."""

    webhook: Webhook
    index: int
    resource: Resource


def equivalents(resource: Resource, subresource: str, served: Iterable[Resource]) -> list[Resource]:
    """Where else the same objects are served, that subresource included; actions are those of one version."""
    if resource.stored is None:
        return []
    return [
        one
        for one in served
        if one.stored is resource.stored
        and one is not resource
        and (not subresource or subresource in one.subresources)
    ]


def kind_of(resource: Resource, subresource: str) -> GroupVersionKind:
    """The kind of the body of a request: a scale is none of the kind it scales, an eviction none of what it evicts."""
    if not subresource:
        return resource.gvk
    part = resource.subresources.get(subresource) or resource.actions.get(subresource)
    return resource.gvk if part is None else part.kind


def shown(obj: Object | None, source: Resource, target: Resource, subresource: str) -> Object | None:
    """``obj``, an object of ``source``, as the body of a request for ``target``; not to be changed."""
    if obj is None:
        return None
    obj = converted(obj, source, target)
    part = target.subresources.get(subresource) if subresource else None
    return obj if part is None or part.kind == target.gvk else part.read(obj)


def converted(obj: Object, source: Resource, target: Resource) -> Object:
    """The object in another version in which it is served; it may share parts with the first."""
    if source is target:
        return obj
    if source.conversion is not None:
        obj = source.conversion.to_stored(msgspec.to_builtins(obj))
    if target.conversion is None:
        return {**obj, "apiVersion": target.api_version, "kind": target.kind}
    if source.stored is not None:
        obj = {**obj, "apiVersion": source.stored.kind.api_version, "kind": source.stored.kind.kind}
    return target.conversion.from_stored(msgspec.to_builtins(obj))
