"""Protobuf bodies of built-in kinds, decoded into what their JSON form would have given.

A body is four bytes, ``k8s`` and a zero byte, and a ``runtime.Unknown`` that says apiVersion and kind and holds the
object's message (API concepts, "Protobuf encoding"). Which fields then stand in the JSON is what Go's encoder does with
the same object: zero values of fields with ``omitempty`` are not there unless the field can tell zero from unset.
"""

from functools import cache
from typing import Any

from steersman.apimachinery.errors import bad_request
from steersman.apis.protobuf.messages import Messages
from steersman.apis.protobuf.values import Budget

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
MAX_LEVELS = 100
"""Messages within messages; each is at most two levels of JSON."""
MAX_PARTS = 400_000
"""Fields, and four times the messages, in a body, those included that stand in its JSON without being sent.

As JSON, that many would not fit into a request.
"""

_PREFIX = b"k8s\0"
_ENVELOPE = "runtime.Unknown"
# Kinds of meta/v1 that are sent in the name of any group and version.
_IN_EVERY_GROUP = frozenset(
    {"CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "Status"}
)


def decode_protobuf(body: bytes) -> dict[str, Any]:
    """The object of a protobuf body, as its JSON form would have given it, apiVersion and kind first.

    Raises ApiError 400 BadRequest for what is malformed, of a kind that is not built in, or more than the limits here.
    """
    if not body.startswith(_PREFIX):
        expected = " ".join(str(byte) for byte in _PREFIX)
        raise bad_request(f"provided data does not appear to be a protobuf message, expected prefix [{expected}]")
    try:
        return _decode(body)
    except IndexError:
        raise bad_request("unexpected EOF") from None
    except UnicodeDecodeError as error:
        raise bad_request(f"a string is not valid UTF-8: {error.reason}") from None
    except ValueError as error:
        raise bad_request(str(error)) from None


def _decode(body: bytes) -> dict[str, Any]:
    messages, budget = _messages(), Budget(MAX_PARTS, MAX_LEVELS)
    envelope = messages[_ENVELOPE].decode(body, len(_PREFIX), len(body), budget)
    type_meta, raw = envelope["typeMeta"], envelope["raw"]
    for field in ("kind", "apiVersion"):
        if not type_meta[field]:
            raise ValueError(f"the envelope of the protobuf message has no {field}")
    message = messages[_message_name(messages, type_meta["apiVersion"], type_meta["kind"])]
    value: dict[str, Any] = {"apiVersion": type_meta["apiVersion"], "kind": type_meta["kind"]}
    message.merge(raw, 0, len(raw), value, budget)
    return value


def _message_name(messages: Messages, api_version: str, kind: str) -> str:
    name = f"{messages.packages.get(api_version)}.{kind}"
    if messages.form(name) == "kind":
        return name
    if kind in _IN_EVERY_GROUP:
        return f"meta/v1.{kind}"
    raise ValueError(f'no kind "{kind}" is registered for version "{api_version}"')


@cache
def _messages() -> Messages:
    return Messages()
