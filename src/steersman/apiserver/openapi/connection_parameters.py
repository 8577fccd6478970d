"""The query of connections and logs: what stands in PodExecOptions and its like, as parameters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.apiserver.registry.resource import Action

PARAMETERS_OF_CONNECTIONS: Mapping[str, tuple[str, str]] = {
    "command": ("query", "string"),
    "container": ("query", "string"),
    "follow": ("query", "boolean"),
    "insecureSkipTLSVerifyBackend": ("query", "boolean"),
    "limitBytes": ("query", "integer"),
    "path": ("query", "string"),
    "ports": ("query", "integer"),
    "previous": ("query", "boolean"),
    "sinceSeconds": ("query", "integer"),
    "sinceTime": ("query", "string"),
    "stderr": ("query", "boolean"),
    "stdin": ("query", "boolean"),
    "stdout": ("query", "boolean"),
    "stream": ("query", "string"),
    "subpath": ("path", "string"),
    "tailLines": ("query", "integer"),
    "timestamps": ("query", "boolean"),
    "tty": ("query", "boolean"),
}
"""Where each stands, and its type; one that may stand several times has that of a single one."""

NAMES: Mapping[str, str] = {"subpath": "path"}
"""Of a parameter that has the name of another one in another place."""


def parameters_of(action: "Action") -> tuple[str, ...]:
    """Those that the options of a connection have."""
    return tuple(sorted(name for name in action.definition.load()["properties"] if name in PARAMETERS_OF_CONNECTIONS))
