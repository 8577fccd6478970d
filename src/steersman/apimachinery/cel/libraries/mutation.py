"""What MutatingAdmissionPolicies construct: ``Object{spec: Object.spec{…}}`` and ``JSONPatch{op: …, path: …}``.

Specified in KEP-3962. An ``Object`` has any fields; a field that is itself constructed must have the type named after
its path. Both are dicts in the result.
"""

from typing import Final

from steersman.apimachinery.cel.cost import traversal
from steersman.apimachinery.cel.functions import Library, function, library
from steersman.apimachinery.cel.types import DYN, STRING, Kind, ObjectType, OpenObjectType, object_type

_ROOT: Final = "Object"

JSON_PATCH_TYPE: Final = object_type("JSONPatch", {"op": STRING, "path": STRING, "from": STRING, "value": DYN})


def _message_type(name: str) -> ObjectType | None:
    if name == JSON_PATCH_TYPE.name:
        return JSON_PATCH_TYPE
    if name != _ROOT and not name.startswith(f"{_ROOT}."):
        return None
    return OpenObjectType(Kind.OBJECT, name)


def _escape_key(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


MUTATION: Final[Library] = library(
    "kubernetes.mutation",
    {"jsonpatch.escapeKey": (function((STRING,), STRING, _escape_key, traversal),)},
    message_type=_message_type,
)
