"""What a client has to know of a kind to send requests for it, and how its objects are read and written."""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import orjson
from msgspec import Struct

from steersman.apimachinery.group_version import GroupResource, GroupVersion, GroupVersionKind, GroupVersionResource
from steersman.apimachinery.names import check_path_segment

T = TypeVar("T")

ALL_NAMESPACES = ""
"""For requests that go over all namespaces."""


class Codec(Struct, Generic[T], frozen=True):
    """How objects of one kind come from JSON, and go to it. ``decode`` raises ValueError for what does not fit."""

    decode: Callable[[bytes], T]
    encode: Callable[[T], bytes]


DICTS: Codec[dict[str, Any]] = Codec(orjson.loads, orjson.dumps)
"""Plain dicts, as JSON has them."""


class ApiResource(Struct, Generic[T], frozen=True):
    """A kind in one version, under the name that it has in paths: what discovery calls an APIResource.

    ``plural`` is that name; ``codec`` says what Python type its objects are.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    codec: Codec[T]

    @property
    def api_version(self) -> str:
        return str(GroupVersion(self.group, self.version))

    @property
    def group_version_kind(self) -> GroupVersionKind:
        return GroupVersionKind(self.group, self.version, self.kind)

    @property
    def group_version_resource(self) -> GroupVersionResource:
        return GroupVersionResource(self.group, self.version, self.plural)

    @property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.group, self.plural)

    def path(self, namespace: str = ALL_NAMESPACES, name: str = "", subresource: str = "") -> str:
        """The percent-encoded path of the collection or of one object; ``namespace`` only where the kind has them.

        Raises ValueError for a namespace where the kind has none, for a name without one where it has, and for a
        namespace, name or part of a subresource (``proxy/metrics``) that is no segment of a path.
        """
        if namespace and not self.namespaced:
            raise ValueError(f"{self.kind} has no namespaces: {namespace!r}")
        if name and self.namespaced and not namespace:
            raise ValueError(f"{self.kind} {name!r} needs a namespace")
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"{root}/namespaces/{_segment('namespace', namespace)}" if namespace else root
        segments = [place, self.plural]
        if name:
            segments.append(_segment("name", name))
        if subresource:
            segments += [_segment("subresource", part) for part in subresource.split("/")]
        return "/".join(segments)


class HasResource(Protocol[T]):
    """A class whose objects are those of one resource: it has ``api_resource: ClassVar[ApiResource[Self]]``."""

    @property
    def api_resource(self) -> ApiResource[T]: ...


def _segment(what: str, text: str) -> str:
    for problem in check_path_segment(text):
        raise ValueError(f"{what} {text!r} {problem}")
    return quote(text, safe="")
