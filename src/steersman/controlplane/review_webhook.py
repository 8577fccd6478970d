"""Review webhooks: posting to the server that a kubeconfig file names."""

from pathlib import Path

import orjson

from steersman.apiserver.review_webhook import Post, Review, ReviewFailed
from steersman.controlplane.kubeconfig_server import KubeconfigServer, PostFailed


class ReviewWebhook:
    """The server of a kubeconfig file. Raises ValueError, with one line, for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        self._server = KubeconfigServer(path)
        self.post: Post = self._post

    async def close(self) -> None:
        await self._server.close()

    async def _post(self, review: Review) -> Review:
        try:
            body = await self._server.post(orjson.dumps(review))
        except PostFailed as failure:
            raise ReviewFailed(str(failure), passing=failure.passing) from None
        try:
            answered = orjson.loads(body)
        except ValueError:
            raise ReviewFailed(f'Post "{self._server.url}": the answer is not JSON') from None
        if not isinstance(answered, dict):
            raise ReviewFailed(f'Post "{self._server.url}": the answer is not an object')
        return answered
