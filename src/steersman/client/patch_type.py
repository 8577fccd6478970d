"""The kinds of patches (API concepts, "Patching resources")."""

from enum import StrEnum


class PatchType(StrEnum):
    """Each is the content type that its patches have.

    JSON patches (RFC 6902) are lists of operations; merge patches (RFC 7386) are partial objects in which null deletes;
    strategic merge patches merge lists by key, and only built-in kinds take them; apply patches are what one field
    manager wants (server-side apply).
    """

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC_MERGE = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"
