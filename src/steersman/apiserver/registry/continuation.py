"""Continue tokens: where the next page of a list starts, at which revision (API concepts, "Retrieving large sets")."""

import base64
import binascii
from typing import NamedTuple

import orjson

from steersman.apimachinery.errors import ApiError, bad_request, expired

INCONSISTENT = -1
"""In place of a revision: the client has been told that the rest is of another state."""

_VERSION = "meta.k8s.io/v1"


class Continuation(NamedTuple):
    """The list goes on after (``namespace``, ``name``), read at ``revision``, or as it is by then (INCONSISTENT)."""

    revision: int
    namespace: str
    name: str


def encode_continue(at: Continuation) -> str:
    token = orjson.dumps({"v": _VERSION, "rv": at.revision, "start": f"{at.namespace}/{at.name}\0"})
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def decode_continue(token: str) -> Continuation:
    """Raises 400 for a token that is not one of ours."""
    try:
        read = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, slash, name = read["start"].removesuffix("\0").partition("/")
        if (
            read["v"] != _VERSION
            or not slash
            or type(read["rv"]) is not int
            or not (read["rv"] > 0 or read["rv"] == INCONSISTENT)
        ):
            raise ValueError("unknown form")
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise bad_request("continue key is not valid: it is not one that this server gave out") from None
    return Continuation(read["rv"], namespace, name)


def too_old(after: tuple[str, str]) -> ApiError:
    """410 for a page whose revision has been compacted; its metadata has a token to go on with all the same."""
    error = expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    error.metadata = {"continue": encode_continue(Continuation(INCONSISTENT, *after))}
    return error
