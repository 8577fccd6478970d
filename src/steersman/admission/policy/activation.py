"""The variables that a policy's expressions see of one request."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from steersman.admission.policy.authorizing import RememberingAuthorizer
from steersman.admission.policy.programs import Compiled
from steersman.admission.webhook.admission_review import request
from steersman.admission.webhook.invocation import shown
from steersman.apimachinery.cel import (
    AuthorizerValue,
    Budget,
    BudgetExceeded,
    CheckAttributes,
    EvaluationError,
    Lazy,
    LazyObject,
    ResourceCheck,
)
from steersman.apiserver.admission import Attributes
from steersman.apiserver.admission.expressions import RequestAuthorizer
from steersman.apiserver.registry.resource import Object, Resource
from steersman.storage.watch_cache import Entry

_NAMESPACE_METADATA = (
    *("name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "finalizers"),
)


def request_variables(
    attributes: Attributes, target: Resource, namespace: Entry | None, authorizer: RememberingAuthorizer
) -> dict[str, Any]:
    """What does not depend on the policy; objects are seen as ones of ``target``, and what is large when it is used."""
    mine, part = attributes.resource, attributes.subresource
    asked = RequestAuthorizer(authorizer, attributes.user)
    here = CheckAttributes(
        group=mine.group,
        resource=mine.plural,
        subresource=part,
        namespace=attributes.namespace,
        name=attributes.name,
    )
    return {
        "object": shown(attributes.object, mine, target, part),
        "oldObject": shown(attributes.old_object, mine, target, part),
        "request": Lazy(lambda: request(attributes, target)),
        "namespaceObject": None if namespace is None else Lazy(lambda: _namespace_object(namespace)),
        "authorizer": AuthorizerValue(asked),
        "authorizer.requestResource": ResourceCheck(asked, here),
    }


def _namespace_object(entry: Entry) -> Object:
    """The namespace without what policies are not to look at."""
    namespace: Object = entry.parsed()
    metadata = namespace.get("metadata") or {}
    shown_metadata = {name: metadata[name] for name in _NAMESPACE_METADATA if name in metadata}
    return {"metadata": shown_metadata, "spec": namespace.get("spec") or {}, "status": namespace.get("status") or {}}


class Activation:
    """One evaluation of a policy: each of its ``variables`` is computed when it is first used, and then kept.

    ``budget`` is what evaluations are charged to, those of variables included.
    """

    __slots__ = ("budget", "values")

    def __init__(
        self,
        variables: Sequence[tuple[str, Compiled]],
        request_values: Mapping[str, Any],
        params: Object | None,
        budget: Budget,
    ) -> None:
        self.budget = budget
        self.values: dict[str, Any] = {**request_values, "params": params}
        if variables:
            self.values["variables"] = LazyObject({name: self._variable(name, one) for name, one in variables})

    def evaluate(self, compiled: Compiled) -> Any:
        """The value. Raises EvaluationError, worded as kube-apiserver does."""
        if isinstance(compiled, str):
            raise EvaluationError(f"compilation error: {compiled}")
        try:
            return compiled.evaluate(self.values, self.budget)
        except BudgetExceeded:
            raise
        except EvaluationError as error:
            raise EvaluationError(f"expression '{compiled.source}' resulted in error: {error.message}") from None

    def _variable(self, name: str, compiled: Compiled) -> Callable[[], Any]:
        def compute() -> Any:
            if isinstance(compiled, str):
                raise EvaluationError(f'composited variable "{name}" fails to compile: {compiled}')
            try:
                return compiled.evaluate(self.values, self.budget)
            except BudgetExceeded:
                raise
            except EvaluationError as error:
                message = f'composited variable "{name}" fails to evaluate: {error.message}'
                raise EvaluationError(message) from None

        return compute
