"""The status subresource: an object whose status alone is written (API conventions, "Spec and Status")."""

from steersman.apiserver.registry.resource import Object


def read_status(parent: Object) -> Object:
    return parent


def write_status(parent: Object, body: Object) -> Object:
    """The parent with the body's status; of the body's metadata only what guards the write counts."""
    if "status" in body:
        parent["status"] = body["status"]
    else:
        parent.pop("status", None)
    sent = body.get("metadata")
    if isinstance(sent, dict):
        for guard in ("resourceVersion", "uid"):
            if sent.get(guard):
                parent["metadata"][guard] = sent[guard]
    return parent
