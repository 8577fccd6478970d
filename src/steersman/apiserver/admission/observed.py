"""What is to be known afterwards of a write's way through admission."""

from dataclasses import dataclass, field

from steersman.apiserver.admission.trace import Trace


@dataclass(slots=True)
class Observed:
    """Given along with a write by whoever wants to know: filled by what looks at it.

    ``annotations`` are those of the audit event. ``trace``, where there is one, takes every step that was gone.
    """

    annotations: dict[str, str] = field(default_factory=dict)
    trace: Trace | None = None
