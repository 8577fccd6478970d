"""Match conditions of webhooks: expressions that have to be true for a request to be sent (KEP-3716)."""

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.apiserver.admission import Attributes
from steersman.apiserver.authorization import Authorizer


class ConditionFailure(Exception):
    """No condition is false, and at least one has no value; ``messages`` say why."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__(messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]")
        self.messages = messages


class MatchConditions:
    """Compiled when first asked: the expression language is slow to load, and most webhooks do without."""

    __slots__ = ("_conditions", "_programs")

    def __init__(self, conditions: Sequence[Mapping[str, Any]]) -> None:
        self._conditions = tuple((one.get("name") or "", one.get("expression") or "") for one in conditions)
        self._programs: Any = None

    def match(self, attributes: Attributes, request: Mapping[str, Any], authorizer: Authorizer) -> bool:
        """Whether all are true; one that is false counts more than one that fails.

        ``request`` is that of the AdmissionReview, objects included. Raises ConditionFailure.
        """
        from steersman.apiserver.admission import expressions

        if self._programs is None:
            self._programs = expressions.compile_conditions(self._conditions)
        verdict, failures = expressions.evaluate(self._programs, attributes, request, authorizer)
        if verdict and failures:
            raise ConditionFailure(failures)
        return verdict
