"""What fields are for, in Kubernetes' own words, where the extra ``explain`` is installed.

The extra is the package kubernetes-validate, which has the OpenAPI definitions of the minors from 1.25 on with their
descriptions. Without it fields are published without text, and ``kubectl explain`` shows their names and types.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from steersman.apiserver.openapi.schema_tree import Schema

Describe = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""From a definition's name and schema to the schema with descriptions."""

_PACKAGE = "kubernetes_validate"
_OLDEST = 25
"""The first minor that the package has; earlier ones are told with its words."""


class Descriptions:
    """The descriptions for one minor version of Kubernetes, read when first wanted."""

    def __init__(self, minor: int) -> None:
        self._minor = max(minor, _OLDEST)

    def describe(self, name: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """``schema``, the definition ``name``, with the descriptions that are known of it and its fields."""
        documented = self._documented.get(name)
        return schema if documented is None else _described(schema, documented)

    @cached_property
    def _documented(self) -> Mapping[str, Mapping[str, Any]]:
        package = find_spec(_PACKAGE)
        if package is None or package.origin is None:
            return {}
        folder = f"v1.{self._minor}.0-local"
        path = Path(package.origin).parent / "kubernetes-json-schema" / folder / "_definitions.json"
        if not path.exists():
            return {}
        definitions: Mapping[str, Mapping[str, Any]] = orjson.loads(path.read_bytes())["$defs"]
        return definitions


def _described(schema: Mapping[str, Any], documented: Mapping[str, Any]) -> Schema:
    written = dict(schema)
    if "description" in documented:
        written.setdefault("description", documented["description"])
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping) and isinstance(documented.get(key), Mapping):
            written[key] = _described(schema[key], documented[key])
    if "properties" in schema:
        fields = documented.get("properties", {})
        written["properties"] = {
            name: _described(field, fields[name]) if name in fields else field
            for name, field in schema["properties"].items()
        }
    return written
