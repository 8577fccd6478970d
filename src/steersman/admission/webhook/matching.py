"""Which of the webhooks that have a rule for a request are to be asked: selectors and match conditions."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from steersman.admission.webhook.match_conditions import ConditionFailure
from steersman.admission.webhook.metrics import WebhookMetrics
from steersman.admission.webhook.webhook import Webhook
from steersman.apimachinery.errors import ApiError, forbidden, internal_error, not_found
from steersman.apimachinery.group_version import GroupResource
from steersman.apimachinery.label_selector import Labels
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.authorization import Authorizer
from steersman.apiserver.registry.reader import ObjectReader
from steersman.apiserver.registry.resource import Object

_logger = logging.getLogger(__name__)

NAMESPACES = GroupResource("", "namespaces")


class Matching:
    def __init__(self, objects: ObjectReader, authorizer: Authorizer, metrics: WebhookMetrics) -> None:
        self._objects, self._authorizer, self._metrics = objects, authorizer, metrics

    async def exclusion(
        self, webhook: Webhook, attributes: Attributes, request: Callable[[], Mapping[str, Any]]
    ) -> str:
        """Why the webhook is not to be asked; empty: it is. ``request`` gives the AdmissionReview's.

        Raises ApiError: NotFound where the namespace that a selector asks about is gone, Forbidden where match
        conditions have no value and the webhook does not fail open.
        """
        if webhook.problem:
            raise internal_error(webhook.problem)
        if not _selects(webhook, attributes):
            return "its objectSelector does not match"
        if not await self._in_namespace(webhook, attributes):
            return "its namespaceSelector does not match"
        return "" if webhook.conditions is None else self._unmet(webhook, attributes, request())

    async def _in_namespace(self, webhook: Webhook, attributes: Attributes) -> bool:
        is_namespace = attributes.group_resource == NAMESPACES
        if webhook.namespace_selector.empty or not (attributes.namespace or is_namespace):
            return True
        return webhook.namespace_selector.matches(await self._namespace_labels(attributes, is_namespace))

    async def _namespace_labels(self, attributes: Attributes, is_namespace: bool) -> Labels:
        if is_namespace and not attributes.subresource and attributes.operation in (CREATE, UPDATE):
            return _labels(attributes.object)
        name = attributes.name if is_namespace else attributes.namespace
        entry = await self._objects.get(NAMESPACES, "", name)
        if entry is None:
            raise not_found(NAMESPACES, name)
        return entry.labels

    def _unmet(self, webhook: Webhook, attributes: Attributes, request: Mapping[str, Any]) -> str:
        assert webhook.conditions is not None
        try:
            met = webhook.conditions.match(attributes, request, self._authorizer)
        except ConditionFailure as failure:
            self._metrics.conditions_failed(webhook.name, attributes.operation, len(failure.messages))
            if webhook.fails_open:
                _logger.warning('webhook "%s" is left out: %s', webhook.name, failure)
                return f"its matchConditions have no value: {failure}"
            raise _undecided(attributes, failure) from failure
        if met:
            return ""
        self._metrics.excluded(webhook.name, attributes.operation)
        return "its matchConditions are not met"


def _undecided(attributes: Attributes, failure: ConditionFailure) -> ApiError:
    return forbidden(attributes.group_resource, attributes.name, str(failure))


def _selects(webhook: Webhook, attributes: Attributes) -> bool:
    """The labels of either the new or the old object count."""
    selector = webhook.object_selector
    if selector.empty:
        return True
    objects = (attributes.object, attributes.old_object)
    return any(obj is not None and selector.matches(_labels(obj)) for obj in objects)


def _labels(obj: Object | None) -> Labels:
    return ((obj or {}).get("metadata") or {}).get("labels") or {}
