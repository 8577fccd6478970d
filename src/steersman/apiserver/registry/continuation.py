"""Continue tokens: where the next page of a list starts, at which revision (API concepts, "Retrieving large sets")."""

import base64
import binascii
from typing import NamedTuple

import orjson

from steersman.apimachinery.errors import ApiError, bad_request, expired

_VERSION = "meta.k8s.io/v1"


class Continuation(NamedTuple):
    """The list goes on after (``namespace``, ``name``), read at ``revision``."""

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
        if read["v"] != _VERSION or not slash or type(read["rv"]) is not int or read["rv"] <= 0:
            raise ValueError("unknown form")
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise bad_request(f"continue key is not valid: {error}") from None
    return Continuation(read["rv"], namespace, name)


def too_old() -> ApiError:
    """410 for a page whose revision has been compacted."""
    return expired(
        "The provided continue parameter is too old to display a consistent list result. "
        "You must start a new list without the continue parameter."
    )
