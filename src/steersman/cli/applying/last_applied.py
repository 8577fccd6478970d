"""The annotation that remembers what was applied last; kubectl reads and writes the same."""

from typing import Any

import orjson

from steersman.cli.printing.json_text import compact_json

Json = dict[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def last_applied(obj: Json) -> Json | None:
    """What the annotation of an object says, None without one. Raises ValueError if it is no JSON object."""
    text = ((obj.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if not text:
        return None
    value = orjson.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"the annotation {LAST_APPLIED} is no object")
    return value


def annotated(wanted: Json) -> Json:
    """A copy of ``wanted`` that says in its annotation what it is without it."""
    metadata = wanted.get("metadata") or {}
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    bare = {**wanted, "metadata": {**metadata, "annotations": annotations}}
    return {**bare, "metadata": {**metadata, "annotations": {**annotations, LAST_APPLIED: compact_json(bare) + "\n"}}}
