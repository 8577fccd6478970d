"""Strategic merge patch: a merge patch that merges lists by the keys the schema declares.

Specified in the Kubernetes documents "Strategic Merge Patch" and "Preserve Order in Strategic Merge Patch". Directives:
``$patch: replace|delete``, ``$deleteFromPrimitiveList/<field>``, ``$setElementOrder/<field>``, ``$retainKeys``.
"""

from steersman.apimachinery.strategic_merge.diff import create_two_way as create_two_way
from steersman.apimachinery.strategic_merge.merge import apply as apply
from steersman.apimachinery.strategic_merge.patch_meta import PatchMeta as PatchMeta
