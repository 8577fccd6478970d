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
    return take_guards(parent, body)


def take_guards(parent: Object, body: Object) -> Object:
    """The parent with the resourceVersion and UID that the body says, so that they are held against what is stored."""
    sent = body.get("metadata")
    if isinstance(sent, dict):
        for guard in ("resourceVersion", "uid"):
            if sent.get(guard):
                parent["metadata"][guard] = sent[guard]
    return parent
