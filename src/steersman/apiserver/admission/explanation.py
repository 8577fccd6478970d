"""The AdmissionExplanation (admission.steersman.dev/v1): which step changed what of a write, or refused it, and why."""

from collections.abc import Mapping
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.apiserver.admission.chain import ADMIT, VALIDATE
from steersman.apiserver.admission.trace import Step, Trace

GROUP, VERSION, KIND = "admission.steersman.dev", "v1", "AdmissionExplanation"

_PHASES = {ADMIT: "Mutating", VALIDATE: "Validating"}
_OUTSIDE = {400: "Request", 403: "Authorization", 404: "NotFound", 409: "Conflict", 422: "Validation"}
"""Status code to what refused a write that admission did not; all else is Server."""


def explanation(
    request: Mapping[str, Any], trace: Trace, outcome: Mapping[str, Any] | ApiError, seconds: float
) -> dict[str, Any]:
    """``request`` is what was asked for, ``outcome`` what the write would have got, ``seconds`` what it all took."""
    refused = isinstance(outcome, ApiError)
    return {
        "kind": KIND,
        "apiVersion": f"{GROUP}/{VERSION}",
        "request": dict(request),
        "allowed": not refused,
        **({"refusedBy": refused_by(trace, outcome)} if isinstance(outcome, ApiError) else {}),
        "durationMicroseconds": _microseconds(seconds),
        "steps": [_step(one) for one in trace.steps],
        "result": outcome.status() if isinstance(outcome, ApiError) else outcome,
    }


def refused_by(trace: Trace, error: ApiError) -> dict[str, str]:
    """``{type, name, phase}`` of the step that refused, for an inner one also its ``plugin``; else the ``type`` alone:
    Request, Authorization, NotFound, Conflict, Validation or Server.
    """
    outer = trace.steps[-1] if trace.steps else None
    if outer is None or outer.refusal is None:
        return {"type": _OUTSIDE.get(error.code, "Server")}
    refusing = [one for one in outer.inner if one.refusal is not None]
    if not refusing:
        return {"type": outer.type, "name": outer.name, "phase": _PHASES[outer.phase]}
    # Several may have: the write got the words of one.
    told = next((one for one in refusing if str(one.refusal) == error.message), refusing[0])
    return {"type": told.type, "name": told.name, "phase": _PHASES[told.phase], "plugin": outer.name}


def _step(step: Step) -> dict[str, Any]:
    told = {
        "type": step.type,
        "name": step.name,
        "phase": _PHASES[step.phase],
        "reinvoked": step.reinvoked,
        **step.details,
        "durationMicroseconds": _microseconds(step.seconds) if step.seconds else None,
        "patch": step.patch,
        "warnings": step.warnings,
        "auditAnnotations": step.annotations,
        "failedOpen": step.failed_open,
        "skipped": step.skipped,
        "refusal": step.refusal.status() if step.refusal is not None else None,
        "steps": [_step(one) for one in step.inner],
    }
    return {name: value for name, value in told.items() if value or type(value) is int}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
