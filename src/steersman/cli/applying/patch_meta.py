"""How the fields of built-in kinds merge, which other kinds do not have."""

from functools import cache

from steersman.apimachinery.group_version import GroupVersionKind
from steersman.apimachinery.strategic_merge import PatchMeta


@cache
def patch_meta(kind: GroupVersionKind) -> PatchMeta | None:
    """None for a kind that takes no strategic merge patches: it is none of Kubernetes' own."""
    # Only the built-in kinds of the API need it, and it is read from a file.
    from steersman.apis.catalog import Catalog, RuntimeConfig

    catalog = Catalog()
    for one in catalog.resources(RuntimeConfig.parse("api/all=true")):
        if (one.group, one.version, one.kind) == (kind.group, kind.version, kind.kind):
            return PatchMeta(catalog.definition(one.definition), catalog.definition)
    return None
