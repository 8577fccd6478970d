"""A server that answers reviews as a test tells it, and the kubeconfig file that leads to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

Review = dict[str, Any]


class ReviewServer:
    """``answer`` makes the status of each review, or an HTTP status code for a failure; ``asked`` are the reviews."""

    def __init__(self, answer: Callable[[Review], Review | int]) -> None:
        self.answer, self.asked = answer, list[Review]()
        self.kubeconfig = Path()

    async def handle(self, request: web.Request) -> web.Response:
        review = orjson.loads(await request.read())
        self.asked.append(review)
        await asyncio.sleep(0)
        status = self.answer(review)
        if isinstance(status, int):
            return web.Response(status=status)
        return web.Response(body=orjson.dumps({**review, "status": status}), content_type="application/json")


@asynccontextmanager
async def review_server(directory: Path, answer: Callable[[Review], Review | int]) -> AsyncIterator[ReviewServer]:
    server = ReviewServer(answer)
    application = web.Application()
    application.router.add_post("/review", server.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.kubeconfig = write_kubeconfig(directory, f"http://{host}:{port}/review")
    try:
        yield server
    finally:
        await runner.cleanup()


def write_kubeconfig(directory: Path, url: str) -> Path:
    path = directory / "review.kubeconfig"
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [context],
        "current-context": "c",
    }
    path.write_bytes(orjson.dumps(content))
    return path
