"""Making the bootstrap policy at start: what is missing is made or added, what is there already is left alone.

"Using RBAC Authorization", section "Auto-reconciliation": rules and subjects that someone added stay, those that
someone removed come back, unless the annotation ``rbac.authorization.kubernetes.io/autoupdate`` is ``false``.
"""

import asyncio
import logging

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.authentication.user import SERVER
from steersman.apiserver.authorization.policy_rule import rules_of
from steersman.apiserver.authorization.rbac.bootstrap_policy import AUTOUPDATE, BootstrapPolicy
from steersman.apiserver.authorization.rbac.coverage import TooManyToCompare, compacted, not_covered
from steersman.apiserver.authorization.rbac.role_index import RBAC
from steersman.apiserver.registry.lifecycle import Lifecycle
from steersman.apiserver.registry.resource import Object, Resource
from steersman.apiserver.registry.served import ServedResources
from steersman.apiserver.registry.write_options import DeleteOptions, WriteOptions

_logger = logging.getLogger(__name__)


async def reconcile(policy: BootstrapPolicy, lifecycle: Lifecycle, served: ServedResources) -> None:
    """Make and complete the objects of ``policy``; one that is refused is logged, and the others are made."""
    writes = []
    for plural, wanted in policy._asdict().items():
        resource = served.of_group_resource(GroupResource(RBAC, plural))
        if resource is not None:
            cacher = await lifecycle.cacher(resource)
            for obj in wanted:
                meta = obj["metadata"]
                entry = cacher.get(meta.get("namespace", ""), meta["name"])
                present = None if entry is None else entry.parsed()
                if present is None or reconciled(present, obj) != present:
                    writes.append(_write(lifecycle, resource, present, obj))
    await asyncio.gather(*writes)


def reconciled(present: Object, wanted: Object) -> Object:
    """``present`` with what it lacks of ``wanted``; itself where it lacks nothing, or is not to be changed."""
    meta = present["metadata"]
    if (meta.get("annotations") or {}).get(AUTOUPDATE) == "false":
        return present
    completed = {**present, "metadata": {**meta}}
    for part in ("annotations", "labels"):
        completed["metadata"][part] = {**wanted["metadata"][part], **(meta.get(part) or {})}
    if "roleRef" in wanted:
        subjects = present.get("subjects") or []
        missing = [one for one in wanted["subjects"] if not any(_is_same(one, other) for other in subjects)]
        if missing:
            completed["subjects"] = [*subjects, *missing]
        return {**completed, "roleRef": wanted["roleRef"]}
    return _with_rules(completed, wanted)


def _with_rules(role: Object, wanted: Object) -> Object:
    rules = role.get("rules") or []
    if rules != wanted["rules"]:
        try:
            missing = not_covered(rules_of(wanted), rules_of(role))
        except TooManyToCompare:
            missing = []
        if missing:
            role["rules"] = [*rules, *(rule.to_object() for rule in compacted(missing))]
    aggregation = wanted.get("aggregationRule")
    if aggregation is None:
        role.pop("aggregationRule", None)
        return role
    selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
    added = [one for one in aggregation["clusterRoleSelectors"] if one not in selectors]
    if added:
        role["aggregationRule"] = {"clusterRoleSelectors": [*selectors, *added]}
    return role


def _is_same(wanted: Object, subject: Object) -> bool:
    return all((wanted.get(part) or "") == (subject.get(part) or "") for part in ("kind", "name", "namespace"))


async def _write(lifecycle: Lifecycle, resource: Resource, present: Object | None, wanted: Object) -> None:
    """Another replica may be at it too."""
    meta = wanted["metadata"]
    namespace, name = meta.get("namespace", ""), meta["name"]
    options = WriteOptions(SERVER)
    try:
        if present is None:
            await lifecycle.introduce(resource, namespace, wanted)
        elif present.get("roleRef") == wanted.get("roleRef"):
            await lifecycle.update(resource, namespace, name, lambda live: reconciled(live, wanted), options)
        else:
            # The role of a binding cannot be changed.
            again = reconciled(present, wanted)
            kept = {part: again["metadata"][part] for part in meta}
            await lifecycle.delete(resource, namespace, name, DeleteOptions(SERVER))
            await lifecycle.create(resource, namespace, {**again, "metadata": kept}, options)
    except ApiError as error:
        if error.reason not in ("AlreadyExists", "Conflict", "NotFound"):
            _logger.error("%s %s/%s cannot be made: %s", resource.plural, namespace, name, error)
