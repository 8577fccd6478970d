"""Asking one webhook, and what a failure to do so comes to."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

from steersman.admission.webhook import admission_review
from steersman.admission.webhook.admission_review import Answer, InvalidResponse, UndecodableResponse
from steersman.admission.webhook.failure import CallFailed, Refused, dry_run_unsupported, refusal
from steersman.admission.webhook.metrics import CALLING_WEBHOOK_ERROR, INTERNAL_ERROR, NO_ERROR, WebhookMetrics
from steersman.admission.webhook.webhook import Webhook
from steersman.admission.webhook.webhook_client import PostFailed, WebhookClient
from steersman.apimachinery.errors import ApiError, timeout
from steersman.apiserver.admission import Attributes

_logger = logging.getLogger(__name__)

UNKNOWN_VERSIONS = (
    "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)"
)

T = TypeVar("T")


class Calling:
    def __init__(self, client: WebhookClient, metrics: WebhookMetrics) -> None:
        self._client, self._metrics = client, metrics

    async def ask(
        self, webhook: Webhook, attributes: Attributes, request: Mapping[str, Any], *, mutating: bool
    ) -> Answer:
        """The webhook's yes. Raises Refused, CallFailed, and ApiError where it may not be asked in a dry run."""
        if attributes.dry_run and webhook.has_side_effects:
            raise dry_run_unsupported(webhook.name)
        version = admission_review.review_version(webhook.review_versions)
        if version is None:
            raise CallFailed(webhook.name, UNKNOWN_VERSIONS, 400)
        uid = str(uuid4())
        deadline = asyncio.get_running_loop().time() + webhook.timeout
        if attributes.deadline is not None:
            deadline = min(deadline, attributes.deadline)
        try:
            body = await self._client.post(webhook.target, admission_review.encode(version, uid, request), deadline)
            answer = admission_review.read_answer(body, version, uid, mutating=mutating)
        except PostFailed as error:
            raise CallFailed(webhook.name, f"failed to call webhook: {error}", error.code) from error
        except UndecodableResponse as error:
            raise CallFailed(webhook.name, f"failed to call webhook: {error}") from error
        except InvalidResponse as error:
            raise CallFailed(webhook.name, f"received invalid webhook response: {error}") from error
        for key, value in answer.audit_annotations.items():
            attributes.add_annotation(f"{webhook.name}/{key}", value)
        attributes.warnings.extend(answer.warnings)
        if not answer.allowed:
            raise refusal(webhook.name, answer.status)
        return answer

    async def outcome(
        self, webhook: Webhook, attributes: Attributes, asked: Awaitable[T], failed_open: str
    ) -> T | None:
        """What ``asked`` gives, counted; None for a failure that is passed over, as the annotation ``failed_open``
        then tells. Raises ApiError.
        """
        name, operation, started = webhook.name, attributes.operation, monotonic()
        code, rejected = 200, True
        try:
            result = await asked
            rejected = False
        except CallFailed as failure:
            code, rejected = failure.code, not webhook.fails_open
            if rejected:
                self._metrics.rejected(name, operation, CALLING_WEBHOOK_ERROR, code)
                raise failure.error() from failure
            self._fail_open(webhook, attributes, failure, failed_open)
            return None
        except Refused as refused:
            code = refused.error.code
            self._metrics.rejected(name, operation, NO_ERROR, code)
            raise refused.error from refused
        except ApiError:
            code = 0
            self._metrics.rejected(name, operation, INTERNAL_ERROR, 0)
            raise
        except asyncio.CancelledError:
            code = -1
            raise
        finally:
            if code >= 0:
                self._metrics.called(name, operation, monotonic() - started, code, rejected=rejected)
        return result

    def _fail_open(self, webhook: Webhook, attributes: Attributes, failure: CallFailed, annotation: str) -> None:
        _logger.warning("failing open: %s", failure)
        self._metrics.failed_open(webhook.name)
        attributes.add_annotation(annotation, webhook.name)
        if attributes.trace is not None:
            attributes.trace.current.failed_open = str(failure)
        self.check_deadline(attributes)

    @staticmethod
    def check_deadline(attributes: Attributes) -> None:
        """Raises 504 where the request's own time is over."""
        if attributes.deadline is not None and asyncio.get_running_loop().time() >= attributes.deadline:
            raise timeout("request did not complete within requested timeout", 0)
