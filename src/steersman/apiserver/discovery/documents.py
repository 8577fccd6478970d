"""The discovery paths: which document answers a request, built once for each change of what is served."""

from collections.abc import Callable

import orjson

from steersman.apimachinery.errors import not_acceptable, path_not_found
from steersman.apimachinery.group_version import GroupVersion
from steersman.apiserver.accept import media_ranges
from steersman.apiserver.discovery import aggregated
from steersman.apiserver.discovery.groups import api_group, api_group_list, api_versions
from steersman.apiserver.discovery.resources import api_resource_list
from steersman.apiserver.document import Document, require_read
from steersman.apiserver.http.message import Request, Response
from steersman.apiserver.registry.served import ServedResources

_JSON = "application/json"
_PLAIN = ""


class Discovery:
    """Serves ``/api``, ``/apis``, ``/apis/<group>``, ``/api/<version>`` and ``/apis/<group>/<version>``."""

    def __init__(self, served: ServedResources, server_address: Callable[[], str]) -> None:
        """``server_address`` gives HOST:PORT, where clients are to reach the server."""
        self._served, self._server_address = served, server_address
        self._generation = served.generation
        self._documents: dict[tuple[str, ...], Document] = {}

    def handle(self, request: Request) -> Response:
        """The document of the request's path; a trailing slash makes no difference.

        Raises 404 for what is not served, 405 for anything but a read, 406 when the client takes no JSON.
        """
        require_read(request)
        parts = tuple(request.path.strip("/").split("/"))
        form = _form(request.headers.get(b"accept", b""), may_aggregate=len(parts) == 1)
        if self._generation != self._served.generation:
            self._generation = self._served.generation
            self._documents.clear()
        key = (form, *parts)
        document = self._documents.get(key)
        if document is None:
            document = self._documents[key] = self._build(form, parts)
        return document.answer(request)

    def _build(self, form: str, parts: tuple[str, ...]) -> Document:
        groups = self._served.groups()
        if form:
            core = parts[0] == "api"
            shown = {
                group: {version: self._served.in_version(group, version).values() for version in versions}
                for group, versions in groups.items()
                if (group == "") == core
            }
            body = aggregated.api_group_discovery_list(form, shown)
            return Document(orjson.dumps(body), aggregated.content_type(form), headers=((b"Cache-Control", b"public"),))
        return Document(orjson.dumps(self._plain(parts, groups)))

    def _plain(self, parts: tuple[str, ...], groups: dict[str, list[str]]) -> object:
        match parts:
            case ("api",):
                return api_versions(groups.get("", []), self._server_address())
            case ("api", version):
                return self._resources("", version)
            case ("apis",):
                return api_group_list({group: versions for group, versions in groups.items() if group})
            case ("apis", group) if group and group in groups:
                return api_group(group, groups[group])
            case ("apis", group, version) if group:
                return self._resources(group, version)
        raise path_not_found()

    def _resources(self, group: str, version: str) -> object:
        resources = self._served.in_version(group, version)
        if not resources:
            raise path_not_found()
        return api_resource_list(GroupVersion(group, version), resources.values())


def _form(accept: bytes, may_aggregate: bool) -> str:
    """The version of the aggregated form that the client prefers, or "" for the plain form; raises 406 for neither."""
    for offer in media_ranges(accept):
        if not offer.matches(_JSON):
            continue
        asked = offer.parameters.get("as")
        if asked is None:
            return _PLAIN
        version = offer.parameters.get("v", "")
        known = asked == "APIGroupDiscoveryList" and offer.parameters.get("g") == "apidiscovery.k8s.io"
        if may_aggregate and known and version in aggregated.VERSIONS:
            return version
    raise not_acceptable([_JSON])
