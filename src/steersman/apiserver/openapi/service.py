"""The OpenAPI paths: ``/openapi/v2``, ``/openapi/v3`` and ``/openapi/v3/<version of a group>``.

Documents are built at the first request that wants them, in a thread, from an unchanging snapshot of what is served,
and kept until that changes. What belongs to one version of a group is kept as long as that version is served unchanged.
What builds them is imported then, too: a server starts sooner without it.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import orjson
from msgspec import Struct

from steersman.apimachinery.errors import not_acceptable, path_not_found
from steersman.apimachinery.group_version import GroupVersion
from steersman.apiserver.accept import media_ranges
from steersman.apiserver.document import Document, require_read
from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.openapi.definitions import Resolve
from steersman.apiserver.openapi.descriptions import Descriptions
from steersman.apiserver.registry.served import ServedResources

if TYPE_CHECKING:
    from steersman.apiserver.openapi.v2 import Part
    from steersman.apiserver.registry.resource import Resource

JSON = "application/json"
V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V2_PROTOBUF_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
"""What clients ask for. It is no valid media type, so the answer is called by the other name, as in kube-apiserver."""

_V2_FORMS = {JSON: JSON, V2_PROTOBUF: V2_PROTOBUF, V2_PROTOBUF_ASKED: V2_PROTOBUF}
_V3_FORMS = {JSON: JSON}
_V3_ROOT = "/openapi/v3"
_YEAR = 365 * 24 * 3600

Resources = tuple["Resource", ...]


class _Snapshot(Struct, frozen=True):
    """What was served at one moment; ``builtin`` resolves the names of built-in definitions."""

    generation: int
    resources: dict[GroupVersion, Resources]
    builtin: Resolve | None


class OpenAPI:
    """Serves the OpenAPI documents of ``served``."""

    def __init__(
        self, served: ServedResources, version_info: Mapping[str, str], executor: Executor | None = None
    ) -> None:
        """``version_info`` is the body of ``/version``; documents are built in ``executor``, or asyncio's own."""
        self._served, self._version, self._executor = served, version_info["gitVersion"], executor
        self._describe = Descriptions(int(version_info["minor"])).describe
        self._snapshot = self._take_snapshot()
        self._documents: dict[str, asyncio.Future[Document]] = {}
        self._parts: dict[GroupVersion, tuple[Resources, Part]] = {}
        self._v3: dict[GroupVersion, tuple[Resources, Document]] = {}

    async def handle(self, request: Request) -> Response:
        """Answer any path under ``/openapi``.

        Raises 404 for what is not served, 405 for anything but a read, 406 when the client takes no form we have.
        """
        require_read(request)
        version, _, rest = request.path.removeprefix("/openapi/").partition("/")
        if version == "v3":
            return await self._answer_v3(request, rest.rstrip("/"))
        if version == "v2" and not rest:
            return await self._answer_v2(request)
        raise path_not_found()

    async def _answer_v2(self, request: Request) -> Response:
        form = _form(request, _V2_FORMS)
        build = self._build_v2_json if form == JSON else self._build_v2_protobuf
        return (await self._document(f"v2 {form}", build)).answer(request)

    async def _answer_v3(self, request: Request, path: str) -> Response:
        """The index for the empty ``path``, else the document of a group and version.

        With ``?hash=`` of the current document the answer may be kept for ever, with another hash it is a redirection.
        """
        _form(request, _V3_FORMS)
        if not path:
            return (await self._document("v3", self._build_v3_index)).answer(request)
        group_version = _group_version(path)
        if not self._served.in_version(*group_version):
            raise path_not_found()
        document = await self._document(f"v3 {path}", lambda now: self._v3_of(now, group_version))
        asked = parse_qs(request.query).get("hash")
        if not asked:
            return document.answer(request)
        if asked[0] != document.etag:
            return Response(301, headers=((b"Location", _v3_url(path, document).encode()),))
        expires = formatdate(time.time() + _YEAR, usegmt=True).encode()
        return document.answer(request, ((b"Cache-Control", b"public, immutable"), (b"Expires", expires)))

    async def _document(self, key: str, build: Callable[[_Snapshot], Document]) -> Document:
        """The document of that name for what is served now, built by the first who asks."""
        if self._snapshot.generation != self._served.generation:
            self._forget()
        building = self._documents.get(key)
        if building is None:
            loop = asyncio.get_running_loop()
            building = self._documents[key] = loop.run_in_executor(self._executor, build, self._snapshot)
        try:
            # Others may wait for the same document: it is built even if this client leaves.
            return await asyncio.shield(building)
        except Exception:
            if self._documents.get(key) is building:
                del self._documents[key]
            raise

    def _forget(self) -> None:
        self._snapshot = now = self._take_snapshot()
        self._documents = {}
        self._parts = {key: kept for key, kept in self._parts.items() if key in now.resources}
        self._v3 = {key: kept for key, kept in self._v3.items() if key in now.resources}

    def _take_snapshot(self) -> _Snapshot:
        served = self._served
        resources = {
            GroupVersion(group, version): tuple(served.in_version(group, version).values())
            for group, versions in served.groups().items()
            for version in versions
        }
        builtin = next((one.definition.resolve for one in served.all() if not one.custom), None)
        return _Snapshot(served.generation, resources, builtin)

    def _build_v2_json(self, now: _Snapshot) -> Document:
        from steersman.apiserver.openapi.v2 import json_document

        return Document(json_document(self._all_parts(now), self._version))

    def _build_v2_protobuf(self, now: _Snapshot) -> Document:
        from steersman.apiserver.openapi.v2 import protobuf_document

        return Document(protobuf_document(self._all_parts(now), self._version), V2_PROTOBUF.encode())

    def _all_parts(self, now: _Snapshot) -> "list[Part]":
        from steersman.apiserver.openapi.v2 import Part

        parts = self._parts
        for group_version, resources in now.resources.items():
            kept = parts.get(group_version)
            if kept is None or kept[0] != resources:
                parts[group_version] = resources, Part(group_version, resources, now.builtin, self._describe)
        return [parts[group_version][1] for group_version in now.resources]

    def _build_v3_index(self, now: _Snapshot) -> Document:
        paths = {
            path: {"serverRelativeURL": _v3_url(path, self._v3_of(now, group_version))}
            for path, group_version in ((_v3_path(one), one) for one in now.resources)
        }
        return Document(orjson.dumps({"paths": paths}))

    def _v3_of(self, now: _Snapshot, group_version: GroupVersion) -> Document:
        from steersman.apiserver.openapi.v3 import v3_document

        documents, resources = self._v3, now.resources[group_version]
        kept = documents.get(group_version)
        if kept is None or kept[0] != resources:
            body = v3_document(group_version, resources, now.builtin, self._describe, self._version)
            kept = documents[group_version] = resources, Document(body)
        return kept[1]


def _form(request: Request, forms: dict[str, str]) -> str:
    """The first of ``forms`` (media type asked for → given) that the client takes; raises 406."""
    for offer in media_ranges(request.headers.get(b"accept", b"")):
        for asked, given in forms.items():
            if offer.matches(asked):
                return given
    raise not_acceptable(list(dict.fromkeys(forms.values())))


def _v3_path(group_version: GroupVersion) -> str:
    return f"apis/{group_version}" if group_version.group else f"api/{group_version}"


def _group_version(path: str) -> GroupVersion:
    match path.split("/"):
        case ("api", version):
            return GroupVersion("", version)
        case ("apis", group, version) if group:
            return GroupVersion(group, version)
    raise path_not_found()


def _v3_url(path: str, document: Document) -> str:
    return f"{_V3_ROOT}/{path}?hash={document.etag}"
