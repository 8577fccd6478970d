"""What a connection to a Pod, Service or Node says in its query: the schemas of PodExecOptions and its like.

They are kinds of core/v1, though no OpenAPI document has them.
"""

from collections.abc import Mapping
from typing import Any

_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_LONG = {"type": "integer", "format": "int64"}
_STREAMS = {"container": _TEXT, "stdin": _FLAG, "stdout": _FLAG, "stderr": _FLAG, "tty": _FLAG}
_FIELDS: Mapping[str, dict[str, Any]] = {
    "PodAttachOptions": _STREAMS,
    "PodExecOptions": {**_STREAMS, "command": {"type": "array", "items": _TEXT}},
    "PodLogOptions": {
        "container": _TEXT,
        "follow": _FLAG,
        "insecureSkipTLSVerifyBackend": _FLAG,
        "limitBytes": _LONG,
        "previous": _FLAG,
        "sinceSeconds": _LONG,
        "sinceTime": {"type": "string", "format": "date-time"},
        "stream": _TEXT,
        "tailLines": _LONG,
        "timestamps": _FLAG,
    },
    "PodPortForwardOptions": {"ports": {"type": "array", "items": {"type": "integer", "format": "int32"}}},
    "PodProxyOptions": {"path": _TEXT},
    "NodeProxyOptions": {"path": _TEXT},
    "ServiceProxyOptions": {"path": _TEXT},
}

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    kind: {"type": "object", "properties": {"apiVersion": _TEXT, "kind": _TEXT, **fields}}
    for kind, fields in _FIELDS.items()
}
"""By kind."""
