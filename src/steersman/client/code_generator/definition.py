"""CustomResourceDefinitions as the generator reads them: v1 and v1beta1, from files and from servers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.encoding import yaml
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import version_priority
from steersman.apimachinery.names import check_dns1035_label, check_dns1123_subdomain

Schema = Mapping[str, Any]

_GROUP = "apiextensions.k8s.io"
_KIND = "CustomResourceDefinition"
_SEPARATOR = re.compile(rb"(?m)^---(?=\s|\Z)")


@dataclass(frozen=True, slots=True)
class Version:
    """A served version: its name, and the schema of its objects, empty where it has none."""

    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Definition:
    """A resource that a CustomResourceDefinition defines; ``versions`` are those served, the preferred one first."""

    group: str
    plural: str
    singular: str
    kind: str
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    namespaced: bool
    versions: tuple[Version, ...]

    @property
    def name(self) -> str:
        """``databases.example.com``."""
        return f"{self.plural}.{self.group}"


def parse_definitions(body: bytes) -> list[Definition]:
    """The definitions in YAML or JSON of one document or several; lists are opened, other kinds are passed over.

    Raises ValueError, with one line, for what is not YAML and for definitions that are not complete.
    """
    try:
        documents = [yaml.decode(part) for part in _SEPARATOR.split(body)]
    except ApiError as error:
        raise ValueError(error.message) from None
    return [read_definition(one) for document in documents for one in _definitions(document)]


def read_definition(content: Mapping[str, Any]) -> Definition:
    """One definition, as JSON has it. Raises ValueError, with one line, for what is missing or of the wrong type."""
    spec = _Part("spec", content.get("spec"))
    names = spec.part("names")
    plural, group, kind = names.text("plural"), spec.text("group"), names.text("kind")
    about = f"{plural}.{group}"
    for text, problems in (
        (plural, check_dns1035_label(plural)),
        (kind, check_dns1035_label(kind.lower())),
        (group, check_dns1123_subdomain(group)),
    ):
        for problem in problems:
            raise ValueError(f"{about}: {text!r}: {problem}")
    scope = spec.text("scope", "Namespaced")
    if scope not in ("Namespaced", "Cluster"):
        raise ValueError(f"{about}: spec.scope: {scope!r} is not Namespaced or Cluster")
    versions = sorted(_served_versions(spec), key=lambda version: version_priority(version.name))
    if not versions:
        raise ValueError(f"{about}: no version of it is served")
    return Definition(
        group=group,
        plural=plural,
        singular=names.text("singular", kind.lower()),
        kind=kind,
        short_names=names.texts("shortNames"),
        categories=names.texts("categories"),
        namespaced=scope == "Namespaced",
        versions=tuple(versions),
    )


def _definitions(document: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(document, dict):
        return
    kind = document.get("kind")
    if kind == _KIND and str(document.get("apiVersion")).startswith(f"{_GROUP}/"):
        yield document
    elif isinstance(kind, str) and kind.endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            # Items of a typed list may leave out what they are.
            of_list = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
            yield from _definitions({**of_list, **item} if isinstance(item, dict) else item)


def _served_versions(spec: "_Part") -> Iterator[Version]:
    common = spec.optional("validation").mapping("openAPIV3Schema")  # v1beta1 has one for all, or one in each
    versions = spec.parts("versions")
    if not versions:
        yield Version(_version_name(spec.text("version")), common)
    for version in versions:
        if version.content.get("served") is True:
            schema = version.optional("schema").mapping("openAPIV3Schema")
            yield Version(_version_name(version.text("name")), schema or common)


def _version_name(name: str) -> str:
    for problem in check_dns1035_label(name):
        raise ValueError(f"version {name!r}: {problem}")
    return name


class _Part:
    """An object of the definition, which is read with checks."""

    def __init__(self, path: str, content: Any) -> None:
        if not isinstance(content, dict):
            raise ValueError(f"{path} of a {_KIND} is {'missing' if content is None else 'not an object'}")
        self.content: dict[str, Any] = content
        self._path = path

    def text(self, key: str, default: str = "") -> str:
        value = self.content.get(key) or default
        if not value or not isinstance(value, str):
            raise ValueError(f"{self._path}.{key} of a {_KIND} is {'not a string' if value else 'missing'}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.content.get(key) or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"{self._path}.{key} of a {_KIND} is not a list of strings")
        return tuple(values)

    def part(self, key: str) -> "_Part":
        return _Part(f"{self._path}.{key}", self.content.get(key))

    def optional(self, key: str) -> "_Part":
        return _Part(f"{self._path}.{key}", self.content.get(key) or {})

    def parts(self, key: str) -> "list[_Part]":
        values = self.content.get(key) or []
        if not isinstance(values, list):
            raise ValueError(f"{self._path}.{key} of a {_KIND} is not a list")
        return [_Part(f"{self._path}.{key}[{index}]", value) for index, value in enumerate(values)]

    def mapping(self, key: str) -> Schema:
        return self.optional(key).content


def by_name(definitions: Iterable[Definition]) -> list[Definition]:
    """In the order of their names; of definitions of one name, the last one that was read."""
    return [one for _, one in sorted({one.name: one for one in definitions}.items())]
