"""What is read of a stored binding: ValidatingAdmissionPolicyBinding, MutatingAdmissionPolicyBinding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.admission.policy.match_resources import MatchResources
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.label_selector import Selector, from_label_selector

DENY, WARN, AUDIT = "Deny", "Warn", "Audit"


@dataclass(frozen=True, slots=True)
class ParamRef:
    """Which objects are a binding's parameters: the one of a ``name``, or those that a ``selector`` takes.

    An empty ``namespace`` is that of the request, where the kind of the parameters has namespaces.
    """

    name: str
    namespace: str
    selector: Selector | None
    deny_not_found: bool

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "ParamRef":
        selector = stored.get("selector")
        return cls(
            stored.get("name") or "",
            stored.get("namespace") or "",
            None if selector is None else from_label_selector(selector),
            stored.get("parameterNotFoundAction") != "Allow",
        )


@dataclass(frozen=True, slots=True)
class Binding:
    """``match`` is None where it adds no condition; ``actions`` are what a failed validation does.

    ``problem`` says why what is stored cannot be used.
    """

    name: str
    policy: str
    match: MatchResources | None = None
    param_ref: ParamRef | None = None
    actions: tuple[str, ...] = ()
    problem: str = ""

    @classmethod
    def read(cls, name: str, stored: Mapping[str, Any]) -> "Binding":
        spec = stored.get("spec") or {}
        policy, resources, reference = spec.get("policyName") or "", spec.get("matchResources"), spec.get("paramRef")
        try:
            match = None if resources is None else MatchResources.read(resources)
            param_ref = None if reference is None else ParamRef.read(reference)
        except ApiError as error:
            return cls(name, policy, problem=error.message)
        # Before there were actions, a failed validation was a refusal.
        return cls(name, policy, match, param_ref, tuple(spec.get("validationActions") or (DENY,)))
