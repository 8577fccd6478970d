"""What is to be known afterwards of a write's way through admission."""

from msgspec import Struct, field

from steersman.apiserver.admission.trace import Trace


class Observed(Struct):
    """Given along with a write by whoever wants to know: filled by what looks at it.

    ``annotations`` are those of the audit event. ``trace``, where there is one, takes every step that was gone.
    """

    annotations: dict[str, str] = field(default_factory=dict)
    trace: Trace | None = None
