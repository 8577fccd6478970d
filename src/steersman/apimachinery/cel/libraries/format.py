"""Kubernetes' named formats: ``format.dns1123Label().validate(name)``, ``format.named('uuid')``.

``validate`` gives an optional list of what is wrong, none if the string is valid.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from steersman.apimachinery.cel.cost import regex
from steersman.apimachinery.cel.errors import EvaluationError
from steersman.apimachinery.cel.functions import Library, function, library, method
from steersman.apimachinery.cel.libraries.url import check_request_uri
from steersman.apimachinery.cel.types import STRING, OpaqueType, list_type, opaque_type, optional_type
from steersman.apimachinery.cel.values import NONE, Optional, Value
from steersman.apimachinery.names import (
    check_label_key,
    check_label_value,
    dns1035_label_name,
    label_name,
    subdomain_name,
)
from steersman.apimachinery.schema.formats import is_date, is_datetime


@dataclass(frozen=True, slots=True)
class Format:
    """A named format; ``pattern_size`` is how long a regular expression for it would be, which is what it costs."""

    cel_type: ClassVar[OpaqueType]
    name: str
    check: Callable[[str], list[str]]
    pattern_size: int


Format.cel_type = FORMAT_TYPE = opaque_type("kubernetes.NamedFormat", Format)

_UUID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def _check(test: Callable[[str], bool], problem: str) -> Callable[[str], list[str]]:
    return lambda text: [] if test(text) else [problem]


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _check_uri(text: str) -> list[str]:
    try:
        check_request_uri(text)
    except EvaluationError as error:
        return [error.message]
    return []


FORMATS: Final[Mapping[str, Format]] = {
    "dns1123Label": Format("DNS1123Label", partial(label_name, prefix=False), 30),
    "dns1123Subdomain": Format("DNS1123Subdomain", partial(subdomain_name, prefix=False), 60),
    "dns1035Label": Format("DNS1035Label", partial(dns1035_label_name, prefix=False), 30),
    "qualifiedName": Format("QualifiedName", check_label_key, 60),
    "dns1123LabelPrefix": Format("DNS1123LabelPrefix", partial(label_name, prefix=True), 30),
    "dns1123SubdomainPrefix": Format("DNS1123SubdomainPrefix", partial(subdomain_name, prefix=True), 60),
    "dns1035LabelPrefix": Format("DNS1035LabelPrefix", partial(dns1035_label_name, prefix=True), 30),
    "labelValue": Format("LabelValue", check_label_value, 40),
    "uri": Format("URI", _check_uri, 1103),
    "uuid": Format(
        "uuid", _check(lambda text: _UUID.fullmatch(text) is not None, "does not match the UUID format"), 74
    ),
    "byte": Format("byte", _check(_is_base64, "invalid base64"), 84),
    "date": Format("date", _check(is_date, "invalid date"), 115),
    "datetime": Format("datetime", _check(is_datetime, "invalid datetime"), 115),
}


def _validate(format: Format, text: str) -> Optional:
    problems = format.check(text)
    return Optional(True, problems) if problems else NONE


def _named(name: str) -> Optional:
    format = FORMATS.get(name)
    return Optional(True, format) if format is not None else NONE


def _cost(_: Value, format: Format, text: str) -> int:
    return regex(len(text), format.pattern_size)


def _constant(format: Format) -> Callable[[], Format]:
    return lambda: format


FORMAT: Final[Library] = library(
    "kubernetes.format",
    {
        "validate": (method((FORMAT_TYPE, STRING), optional_type(list_type(STRING)), _validate, _cost),),
        "format.named": (function((STRING,), optional_type(FORMAT_TYPE), _named),),
        **{f"format.{name}": (function((), FORMAT_TYPE, _constant(format)),) for name, format in FORMATS.items()},
    },
    types=(FORMAT_TYPE,),
)
