"""Write the data file of field tables; its content is told in steersman.apis.protobuf.messages."""

import zlib

import orjson
from protobuf_fields.structs import Messages

from steersman.apis.catalog.data_file import DataFile

META_GROUP_VERSIONS = {"meta.k8s.io/v1": "meta/v1"}
# Versions whose messages are those of another.
SAME_AS = {"autoscaling/v2alpha1": "autoscaling/v2beta1", "apiregistration.k8s.io/v1beta1": "apiregistration/v1"}


def go_packages() -> dict[str, str]:
    """The packages of the catalog (``io.k8s.api.apps.v1``), each with its path in Go (``k8s.io/api/apps/v1``)."""
    paths = {}
    for package in DataFile().packages():
        top, domain, *rest = package.split(".")
        paths[package] = "/".join((f"{domain}.{top}", *rest))
    return paths


def write(messages: Messages) -> bytes:
    """The content of the data file; the same bytes for the same input."""
    content = {"packages": _packages(), "messages": {name: _text(messages, name) for name in sorted(messages.lines)}}
    return zlib.compress(orjson.dumps(content), 9)


def _packages() -> dict[str, str]:
    paths = go_packages()
    found = dict(META_GROUP_VERSIONS)
    for row in DataFile().index["resources"]:
        group, version, package = row[0], row[1], row[5]
        group_version = f"{group}/{version}" if group else version
        name = "/".join(paths[package].split("/")[-2:])
        if found.setdefault(group_version, name) != name:
            raise ValueError(f"{group_version} is in {found[group_version]} and in {name}")
    return dict(sorted((found | SAME_AS).items()))


def _text(messages: Messages, name: str) -> str:
    head = "kind" if name in messages.kinds else messages.forms.get(name, "")
    return "\n".join((head, *(line for _, line in sorted(messages.lines[name].items()))))
