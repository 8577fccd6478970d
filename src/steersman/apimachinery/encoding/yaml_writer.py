"""Writing YAML that every reader of Kubernetes' YAML takes back as the same value."""

from typing import Any

import yaml

from steersman.apimachinery.encoding.yaml_scalar import resolve

_STR = "tag:yaml.org,2002:str"


class _Dumper(yaml.CSafeDumper):
    """Quotes what would be read as something else than text (``y``, ``1e3``, ``0o17``)."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    if "\n" in value:
        return dumper.represent_scalar(_STR, value, style="|")
    return dumper.represent_scalar(_STR, value, style=None if resolve(value) == value else '"')


_Dumper.add_representer(str, _text)


def encode(value: Any) -> bytes:
    """One YAML document, keys in the order they have."""
    dumped: bytes = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, encoding="utf-8")
    return dumped
