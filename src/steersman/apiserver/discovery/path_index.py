"""``/``: the paths that the server answers, for people who look around with a browser or curl."""

from collections.abc import Mapping

import orjson

from steersman.apiserver.document import require_read
from steersman.apiserver.http.message import Handler, Request, Response
from steersman.apiserver.registry.served import ServedResources


class PathIndex:
    """Lists ``routes`` and the served groups and versions."""

    def __init__(self, served: ServedResources, routes: Mapping[str, Handler]) -> None:
        self._served, self._routes = served, routes

    def handle(self, request: Request) -> Response:
        """``{"paths": [...]}``, sorted; raises 405 for anything but a read."""
        require_read(request)
        paths = {path.rstrip("/") for path in self._routes} - {""}
        for group, versions in self._served.groups().items():
            root = f"/apis/{group}" if group else "/api"
            paths |= {root, *(f"{root}/{version}" for version in versions)}
        return Response(200, orjson.dumps({"paths": sorted(paths)}, option=orjson.OPT_INDENT_2))
