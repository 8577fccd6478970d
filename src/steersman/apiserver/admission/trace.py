"""The steps that one write goes through admission, for whoever asks why it came out as it did.

A step is a plugin in one phase, or within it a webhook, a policy or an initializer. What a step changed is found by
comparing the object before and after it, which is why a write is traced only when it is asked for.
"""

from dataclasses import dataclass, field
from typing import Any

from steersman.apimachinery.errors import ApiError

PLUGIN, WEBHOOK, POLICY, INITIALIZER = "Plugin", "Webhook", "Policy", "Initializer"
"""The types of steps."""


@dataclass(slots=True)
class Step:
    """``phase`` is admit or validate, ``seconds`` how long it took, its own steps included.

    ``patch`` is what it changed, as JSON patch (RFC 6902); ``refusal`` is the error with which it ended the write.
    ``inner`` are the steps that a plugin went for others: one for each webhook, policy or initializer.
    """

    type: str
    name: str
    phase: str
    reinvoked: bool = False
    seconds: float = 0.0
    patch: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    refusal: ApiError | None = None
    skipped: str = ""
    """Why it was not asked although it could have been: its conditions did not match, or the write is a dry run."""
    inner: list["Step"] = field(default_factory=list)


@dataclass(slots=True)
class Trace:
    """The plugins' steps in the order in which they were gone."""

    steps: list[Step] = field(default_factory=list)
