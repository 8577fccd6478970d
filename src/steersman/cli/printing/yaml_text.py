"""YAML as kubectl writes it: keys sorted, and in double quotes what would be read as something else than text."""

import re
from typing import Any

import yaml

from steersman.apimachinery.encoding.yaml_scalar import resolve

_STR = "tag:yaml.org,2002:str"
# What YAML 1.1 takes for times: dates, and numbers to the base of 60.
_TIME = re.compile(r"\d{4}-\d\d?-\d\d?($|[Tt\s])|[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?$")


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    if "\n" in value:
        return dumper.represent_scalar(_STR, value, style="|")
    misread = resolve(value) != value or _TIME.match(value)
    return dumper.represent_scalar(_STR, value, style='"' if misread else None)


_Dumper.add_representer(str, _text)


def print_yaml(value: Any) -> str:
    """One document."""
    dumped: str = yaml.dump(value, Dumper=_Dumper, sort_keys=True, allow_unicode=True)
    return dumped
