"""The steps that one write goes through admission, for whoever asks why it came out as it did.

A step is a plugin in one phase, or within it a webhook, a policy or an initializer. What a step changed is found by
comparing the object before and after it, which is why a write is traced only when it is asked for.
"""

from typing import Any

from msgspec import Struct, field

from steersman.apimachinery.errors import ApiError

PLUGIN, WEBHOOK, POLICY, INITIALIZER = "Plugin", "Webhook", "Policy", "Initializer"
"""The types of steps."""


class Step(Struct):
    """``phase`` is admit or validate, ``seconds`` how long it took, its own steps included.

    ``patch`` is what it changed, as JSON patch (RFC 6902); ``refusal`` is the error with which it ended the write.
    ``inner`` are the steps that a plugin went for others: one for each webhook, policy or initializer.
    """

    type: str
    name: str
    phase: str
    reinvoked: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    """What only steps of this type have, such as the binding of a policy, as an explanation has it."""
    seconds: float = 0.0
    patch: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    refusal: ApiError | None = None
    failed_open: str = ""
    """The error that was passed over, for the step's failurePolicy is Ignore."""
    skipped: str = ""
    """Why it was not asked although it could have been: its selectors did not match, say."""
    inner: list["Step"] = field(default_factory=list)


class Trace(Struct):
    """The plugins' steps in the order in which they were gone; ``open`` are those that have not ended, one in another.

    What fills it is :mod:`~steersman.apiserver.admission.tracing`.
    """

    steps: list[Step] = field(default_factory=list)
    open: list[Step] = field(default_factory=list)

    @property
    def current(self) -> Step:
        """The innermost step that has not ended."""
        return self.open[-1]

    def take(self, step: Step) -> None:
        """Note a step where it belongs: in the one that is open, if there is one."""
        (self.open[-1].inner if self.open else self.steps).append(step)
