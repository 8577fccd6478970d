"""CustomResourceDefinitions to generate from."""

from typing import Any

import yaml

Object = dict[str, Any]


def crd(schema: Object | None = None, *, kind: str = "Database", plural: str = "databases", **spec: Any) -> Object:
    """A definition in v1 of one version, whose objects have ``schema``."""
    version: Object = {"name": "v1", "served": True, "storage": True}
    if schema is not None:
        version["schema"] = {"openAPIV3Schema": {"type": "object", **schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": plural, "kind": kind, "singular": kind.lower(), "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": [version],
            **spec,
        },
    }


def of_spec(**properties: Any) -> Object:
    """A definition whose objects have a ``spec`` with these properties."""
    return crd({"properties": {"spec": {"type": "object", "properties": properties}}})


def as_yaml(*documents: Object) -> bytes:
    return yaml.safe_dump_all(documents).encode()
