"""The values of the API that are neither objects nor lists, as they stand in JSON."""

from typing import Any, Final, TypeAlias

from steersman.client.api_resource import DICTS, Codec

IntOrString: TypeAlias = int | str
"""A number, or a name or percentage: ``80``, ``"http"``, ``"25%"``."""

Quantity: TypeAlias = str | int | float
"""A resource quantity such as ``"500m"`` or ``"1Gi"``; the server answers with strings."""

Time: TypeAlias = str
"""A moment in RFC 3339, to the second: ``2026-01-31T12:00:00Z``."""

MicroTime: TypeAlias = str
"""A moment in RFC 3339, to the microsecond: ``2026-01-31T12:00:00.000000Z``."""

Json: TypeAlias = Any
"""Whatever JSON can say: the schema of the kind says no more."""

MAPPINGS: Final[Codec[Any]] = DICTS
"""Reads and writes the typed mappings, which are dicts; what the server sent is not checked against the type."""
