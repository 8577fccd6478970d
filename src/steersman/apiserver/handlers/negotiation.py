"""Content negotiation: the form a client accepts, and reading what it sends ("Resource representations")."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from steersman.apimachinery.encoding import json
from steersman.apimachinery.errors import ApiError, bad_request, not_acceptable, unsupported_media_type
from steersman.apiserver.accept import MediaRange, media_ranges

JSON = "application/json"
YAML = "application/yaml"
ACCEPTED = (JSON, YAML)
_TRANSFORMS = {"Table": "table", "PartialObjectMetadata": "metadata", "PartialObjectMetadataList": "metadata"}


class Format(NamedTuple):
    """``shape`` is object, table or metadata (the latter two in ``version`` of meta.k8s.io)."""

    shape: str = "object"
    version: str = "v1"
    yaml: bool = False


@lru_cache(maxsize=512)
def accepted_format(accept: bytes) -> Format:
    """The best supported form of an Accept header; raises 406 when there is none."""
    for offer in media_ranges(accept):
        if offer.matches(JSON) or offer.matches(YAML):
            found = _format(offer)
            if found is not None:
                return found
    raise not_acceptable(ACCEPTED)


def _format(offer: MediaRange) -> Format | None:
    parameters, as_yaml = offer.parameters, not offer.matches(JSON)
    transform = parameters.get("as")
    if transform is None:
        return Format(yaml=as_yaml)
    version = parameters.get("v", "v1")
    known = transform in _TRANSFORMS and parameters.get("g") == "meta.k8s.io" and version in ("v1", "v1beta1")
    return Format(_TRANSFORMS[transform], version, as_yaml) if known else None


def media_type(content_type: bytes) -> str:
    """The bare media type of a Content-Type header, lower case; JSON when there is none."""
    return content_type.partition(b";")[0].strip().lower().decode("latin-1") or JSON


Decoder = Callable[[bytes, bool], tuple[Any, list[str]]]
"""From a body, and whether to look for fields that stand twice, to its value and the paths of those fields."""
Decoders = Mapping[str, Decoder]
"""By media type."""


class Body(NamedTuple):
    """A decoded object, and the paths of fields that stood twice in it (looked for only where asked)."""

    value: dict[str, Any]
    duplicates: tuple[str, ...]


def decode_body(body: bytes, content_type: bytes, what: str, decoders: Decoders, find_duplicates: bool = False) -> Body:
    """A body that must be one object of kind ``what``.

    Raises 415 for encodings that have no decoder, 400 when it cannot be read.
    """
    decoder = decoders.get(media_type(content_type))
    if decoder is None:
        raise unsupported_media_type(ACCEPTED)
    if not body.strip():
        raise _unrecognized(what, "the body of the request is empty")
    try:
        value, duplicates = decoder(body, find_duplicates)
    except ApiError as error:
        raise _unrecognized(what, error.message) from None
    if not isinstance(value, dict):
        raise _unrecognized(what, "it is not a JSON object")
    return Body(value, tuple(duplicates))


def _unrecognized(what: str, why: str) -> ApiError:
    return bad_request(f"the object provided is unrecognized (must be of type {what}): {why}")


def _decode_json(body: bytes, find_duplicates: bool) -> tuple[Any, list[str]]:
    value = json.decode(body)
    return value, json.duplicate_keys(body, value) if find_duplicates else []


def _decode_yaml(body: bytes, find_duplicates: bool) -> tuple[Any, list[str]]:
    # Few clients send YAML; its library would be a twentieth of the server's start-up.
    from steersman.apimachinery.encoding import yaml

    return yaml.decode_with_duplicates(body)


DECODERS: Decoders = {
    JSON: _decode_json,
    YAML: _decode_yaml,
    "application/x-yaml": _decode_yaml,
    "text/yaml": _decode_yaml,
}
"""JSON and YAML, which every resource takes."""
