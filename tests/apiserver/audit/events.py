"""Events for the tests of what writes them."""

from typing import Any

from steersman.apiserver.audit.event import AuditedRequest, Event, Sender
from steersman.apiserver.audit.policy import COMPLETE, AuditConfig, Level
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.request_info import request_info

RECEIVED_AT = 1_700_000_000.25
NOBODY = Sender(b"", b"", b"", "10.0.0.1")


def audited(path: str = "/api/v1/namespaces/default/pods/a", method: str = "GET", **fields: Any) -> AuditedRequest:
    known: dict[str, Any] = {
        "id": b"1",
        "received": RECEIVED_AT,
        "config": AuditConfig(Level.METADATA),
        "info": request_info(method, path, {}),
        "path": path,
        "sender": NOBODY,
        "user": UserInfo("jane"),
    }
    return AuditedRequest(**{**known, **fields})


def event(name: str = "a", stage: str = COMPLETE, **fields: Any) -> Event:
    """``name`` becomes the audit ID, by which it is known again."""
    return Event(audited(id=name.encode()), stage, RECEIVED_AT + 1, **{"code": 200, **fields})
