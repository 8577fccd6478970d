"""What an audit event says: a request, and what had become of it at one stage (audit.k8s.io/v1, Event)."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from steersman.apiserver.admission.observed import Observed
from steersman.apiserver.audit.policy import AuditConfig
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request
from steersman.apiserver.request_info import RequestInfo

AUDIT_ID = b"audit-id"
MAX_AUDIT_ID = 1024
"""Bytes of an Audit-ID header that are kept."""


class Sender(Struct, frozen=True):
    """What a request tells of who sent it, beside the user: header fields as they came, and the peer's address."""

    user_agent: bytes
    forwarded_for: bytes
    real_ip: bytes
    remote: str

    @classmethod
    def of(cls, request: Request) -> "Sender":
        get = request.headers.get
        return cls(
            get(b"user-agent", b""), get(b"x-forwarded-for", b""), get(b"x-real-ip", b""), request.connection.remote
        )


class AuditedRequest(Observed):
    """A request under audit. ``config`` is None until the policy has been asked, what follows it is set then.

    ``received`` is in seconds since the epoch. ``user`` is who sent it; ``impersonated`` whom it was answered as, where
    that is another one.
    """

    id: bytes = b""
    received: float = 0.0
    config: AuditConfig | None = None
    info: RequestInfo | None = None
    path: str = ""
    query: str = ""
    sender: Sender | None = None
    user: UserInfo | None = None
    impersonated: UserInfo | None = None


class Body(Struct, frozen=True):
    """A body with its media type (a Content-Type header); ``plain`` is kept as it was sent, whatever is omitted."""

    data: bytes | Sequence[bytes]
    content_type: bytes
    plain: bool = False

    @property
    def size(self) -> int:
        return len(self.data) if isinstance(self.data, bytes) else sum(map(len, self.data))


class Event(Struct, frozen=True):
    """One stage of a request. ``code`` is the HTTP status, 0 where there is none yet; ``at`` is since the epoch.

    ``status`` is the rest of the answer's Status: as it is, or the answer's body that says so.
    """

    audited: AuditedRequest
    stage: str
    at: float
    code: int = 0
    status: dict[str, Any] | Body | None = None
    request_object: Body | None = None
    response_object: Body | None = None

    @property
    def size(self) -> int:
        """Bytes that are held for it, beside a few hundred."""
        sent, answered = self.request_object, self.response_object
        return (0 if sent is None else sent.size) + (0 if answered is None else answered.size)
