"""Acting as another user: the ``Impersonate-*`` request headers.

Specified in Kubernetes' Authentication reference, section "User impersonation".
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field

# What a header's name may have (RFC 9110, token), without the sign that escapes the rest.
_LEGAL = frozenset((string.ascii_letters + string.digits + "!#$&'*+-.^_`|~").encode())


@dataclass(frozen=True, slots=True)
class Impersonation:
    """Whom to act as; nobody else while ``user`` is empty."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers to send with each request; a name stands as often as it has values."""
        if not self.user:
            return ()
        uid = (("Impersonate-Uid", self.uid),) if self.uid else ()
        groups = (("Impersonate-Group", group) for group in self.groups)
        extra = (
            (f"Impersonate-Extra-{_escaped(key)}", value) for key, values in self.extra.items() for value in values
        )
        return (("Impersonate-User", self.user), *uid, *groups, *extra)


def _escaped(key: str) -> str:
    return "".join(chr(byte) if byte in _LEGAL else f"%{byte:02X}" for byte in key.encode())
