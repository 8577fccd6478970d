"""Keeps the index of roles like what is stored: read once from the watch caches, then changed as they change."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authorization.policy_rule import PolicyRule
from steersman.apiserver.authorization.rbac.binding import Binding, Subject
from steersman.apiserver.authorization.rbac.role_index import RBAC, RoleIndex
from steersman.apiserver.registry.reader import ObjectReader
from steersman.storage.watch_cache import Cacher, Entry
from steersman.storage.watch_cache.entry import Change

_logger = logging.getLogger(__name__)

Strings = tuple[str, ...] | None


class _Rule(msgspec.Struct, gc=False, rename="camel"):
    verbs: Strings = None
    api_groups: Strings = None
    resources: Strings = None
    resource_names: Strings = None
    non_resource_urls: Strings = msgspec.field(default=None, name="nonResourceURLs")


class _Role(msgspec.Struct, gc=False):
    rules: tuple[_Rule, ...] | None = None


class _Subject(msgspec.Struct, gc=False):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class _RoleRef(msgspec.Struct, gc=False):
    kind: str = ""
    name: str = ""


class _Binding(msgspec.Struct, gc=False, rename="camel"):
    role_ref: _RoleRef
    subjects: tuple[_Subject, ...] | None = None


_decode_role = msgspec.json.Decoder(_Role).decode
_decode_binding = msgspec.json.Decoder(_Binding).decode


def read_role(data: bytes) -> tuple[PolicyRule, ...]:
    """The rules of a stored Role or ClusterRole. Raises msgspec.DecodeError for what a foreign writer spoiled."""
    return tuple(
        PolicyRule(
            rule.verbs or (),
            rule.api_groups or (),
            rule.resources or (),
            rule.resource_names or (),
            rule.non_resource_urls or (),
        )
        for rule in _decode_role(data).rules or ()
    )


def read_binding(namespace: str, name: str, data: bytes) -> Binding:
    """A stored RoleBinding or ClusterRoleBinding. Raises msgspec.DecodeError for what a foreign writer spoiled."""
    read = _decode_binding(data)
    subjects = tuple(Subject(one.kind, one.name, one.namespace) for one in read.subjects or ())
    return Binding(namespace, name, read.role_ref.kind, read.role_ref.name, subjects)


async def follow(index: RoleIndex, objects: ObjectReader) -> Callable[[], None] | None:
    """Fill the index with what is stored and keep it so; the result ends that. None where RBAC is not served."""
    found = [(objects.cacher(GroupResource(RBAC, plural)), take) for plural, take in _TAKES]
    followed = [(cacher, take) for cacher, take in found if cacher is not None]
    if not followed:
        return None
    await asyncio.gather(*(cacher.wait_ready() for cacher, _ in followed))
    ends = [_follow_one(index, cacher, take) for cacher, take in followed]

    def end() -> None:
        for one in ends:
            one()

    return end


Take = Callable[[RoleIndex, Entry, bool], None]


def _follow_one(index: RoleIndex, cacher: Cacher, take: Take) -> Callable[[], None]:
    def changed(changes: Sequence[Change]) -> None:
        for change in changes:
            take(index, change.entry, change.deleted)

    end = cacher.subscribe(changed)
    for entry in cacher.list()[0]:
        take(index, entry, False)
    return end


def _set_role(index: RoleIndex, entry: Entry, deleted: bool) -> None:
    rules: tuple[PolicyRule, ...] | None = None
    if not deleted:
        try:
            rules = read_role(entry.data)
        except msgspec.DecodeError as error:
            _logger.error("role %r/%s cannot be read and grants nothing: %s", entry.namespace, entry.name, error)
            rules = ()
    index.set_role(entry.namespace, entry.name, rules)


def _set_binding(index: RoleIndex, entry: Entry, deleted: bool) -> None:
    if deleted:
        index.remove_binding(entry.namespace, entry.name)
        return
    try:
        index.set_binding(read_binding(entry.namespace, entry.name, entry.data))
    except msgspec.DecodeError as error:
        _logger.error("binding %r/%s cannot be read and grants nothing: %s", entry.namespace, entry.name, error)
        index.remove_binding(entry.namespace, entry.name)


_TAKES: tuple[tuple[str, Take], ...] = (
    ("clusterroles", _set_role),
    ("roles", _set_role),
    ("clusterrolebindings", _set_binding),
    ("rolebindings", _set_binding),
)
