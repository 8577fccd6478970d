"""The object that all benchmarks store: a ConfigMap like a small real configuration."""

import orjson

NAMESPACE = "bench"
COLLECTION = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
ROOT_CA = "kube-root-ca.crt"
"""What every namespace has besides; it is not counted."""
_KEYS, _VALUE = 8, 128


def data(name: str, edition: str = "") -> dict[str, str]:
    """1,024 bytes in 8 keys, different for every name and edition."""
    return {f"key-{i}": f"{edition}{name}-{i}-".ljust(_VALUE, "x")[:_VALUE] for i in range(_KEYS)}


def config_map(name: str) -> bytes:
    """A new ConfigMap as JSON, about 1.2 KB."""
    return orjson.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {"app": "bench", "part": name[-1]}},
            "data": data(name),
        }
    )
