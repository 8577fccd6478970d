"""Requests to a control plane in this process, through its ASGI face."""

import asyncio
import json
from pathlib import Path
from typing import Any

from steersman.controlplane import ControlPlane

TOKEN = "in-process-token"


def token_file(directory: Path) -> Path:
    """A token file whose one user, an administrator, has the token ``TOKEN``."""
    path = directory / "tokens.csv"
    path.write_text(f'{TOKEN},tester,1,"system:masters"\n')
    path.chmod(0o600)
    return path


class AsgiClient:
    """Speaks JSON to ``control_plane`` as the user of ``token``, as an ASGI server would pass it on."""

    def __init__(self, control_plane: ControlPlane, token: str = TOKEN) -> None:
        self._app, self._token = control_plane.asgi, token

    async def request(
        self, method: str, target: str, body: Any = None, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and decoded JSON of the whole answer."""
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        data = b"" if body is None else json.dumps(body).encode()
        incoming.put_nowait({"type": "http.request", "body": data, "more_body": False})
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(self._scope(method, target, content_type), incoming.get, send)
        return sent[0]["status"], json.loads(b"".join(message["body"] for message in sent[1:]))

    async def get(self, target: str) -> Any:
        """The decoded answer, which must be a success."""
        status, answer = await self.request("GET", target)
        assert status == 200, answer
        return answer

    def _scope(self, method: str, target: str, content_type: str) -> dict[str, Any]:
        path, _, query = target.partition("?")
        return {
            "type": "http",
            "http_version": "1.1",
            "scheme": "https",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"host", b"steersman"),
                (b"authorization", f"Bearer {self._token}".encode()),
                (b"content-type", content_type.encode()),
            ],
        }
