"""An HTTPS server of webhooks that take their time, in a process of its own.

``python -m bench.admission.webhook_server PEM SECONDS``: PEM has its certificate and key. A POST to /mutate/N adds the
label ``webhook-N`` to the object, one to /validate/N allows what it is, and one to /images allows the images of an
ImageReview; all after SECONDS. Of its orders (see
``bench.clients.orders``) ``listen`` is answered with the port on loopback, ``count`` with how many reviews it has
answered since the last ``count``.
"""

import asyncio
import base64
import ssl
import sys
from typing import Any

import orjson
from aiohttp import web

from bench.clients import orders


class Webhooks:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.answered = 0

    async def mutate(self, http: web.Request) -> web.Response:
        patch = [{"op": "add", "path": f"/metadata/labels/webhook-{http.match_info['number']}", "value": "was-here"}]
        encoded = base64.b64encode(orjson.dumps(patch)).decode()
        return await self._answer(http, patchType="JSONPatch", patch=encoded)

    async def validate(self, http: web.Request) -> web.Response:
        return await self._answer(http)

    async def review_images(self, http: web.Request) -> web.Response:
        review = orjson.loads(await http.read())
        return await self._later({**review, "status": {"allowed": True}})

    async def _answer(self, http: web.Request, **more: Any) -> web.Response:
        review = orjson.loads(await http.read())
        response = {"uid": review["request"]["uid"], "allowed": True, **more}
        return await self._later({"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response})

    async def _later(self, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(self._seconds)
        self.answered += 1
        return web.Response(body=orjson.dumps(body), content_type="application/json")


async def main(pem: str, seconds: float) -> None:
    webhooks = Webhooks(seconds)
    application = web.Application(client_max_size=16 << 20)
    application.router.add_post("/mutate/{number}", webhooks.mutate)
    application.router.add_post("/validate/{number}", webhooks.validate)
    application.router.add_post("/images", webhooks.review_images)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    orders.answer("ready")
    await asyncio.to_thread(orders.wait_for, "listen")
    orders.answer("listening", runner.addresses[0][1])
    while True:
        await asyncio.to_thread(orders.wait_for, "count")
        orders.answer("answered", webhooks.answered)
        webhooks.answered = 0


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
