"""What is to be known afterwards of a write's way through admission."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from msgspec import Struct, field

from steersman.apiserver.admission.trace import Trace


class SentReference(NamedTuple):
    """What the object in a request's body says of itself; empty where it says nothing."""

    namespace: str = ""
    name: str = ""
    uid: str = ""
    resource_version: str = ""

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> Self:
        """Of an object as it was sent, which nothing has been checked of."""
        metadata = obj.get("metadata")
        if not isinstance(metadata, dict):
            return cls()
        said = (metadata.get(name) for name in ("namespace", "name", "uid", "resourceVersion"))
        return cls(*(one if isinstance(one, str) else "" for one in said))


class Observed(Struct):
    """Given along with a request by whoever wants to know: filled by what looks at it.

    ``annotations`` are those of the audit event. ``trace``, where there is one, takes every step that was gone.
    ``sent`` is set when an object has been read from the body.
    """

    annotations: dict[str, str] = field(default_factory=dict)
    trace: Trace | None = None
    sent: SentReference | None = None
