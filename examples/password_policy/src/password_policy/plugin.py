"""PasswordPolicy: a Secret whose password is too short is refused."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Self

from password_policy.configuration import Configuration, parse
from steersman.apimachinery.errors import FieldError, field_invalid, forbidden
from steersman.apimachinery.group_version import GroupResource
from steersman.apiserver.admission import CREATE, UPDATE, Attributes
from steersman.apiserver.admission.context import PluginContext

SECRETS = GroupResource("", "secrets")
REDACTED = "<secret contents redacted>"
"""Stands in messages for what nobody else may read."""


class PasswordPolicy:
    name = "PasswordPolicy"
    operations = frozenset((CREATE, UPDATE))
    resources = frozenset((SECRETS,))

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    @classmethod
    def create(cls, context: PluginContext, configuration: Mapping[str, Any] | None) -> Self:
        """Called once, at start. ``context`` is what the server has: its objects, its authorizer, its metrics."""
        return cls(parse(configuration))

    def validate(self, attributes: Attributes) -> None:
        """Called for each write of a Secret, with what is about to be stored. Raising an ApiError refuses it."""
        if wrong := ", ".join(map(str, self._too_short(attributes))):
            raise forbidden(SECRETS, attributes.name, wrong)

    def _too_short(self, attributes: Attributes) -> Iterator[FieldError]:
        """Passwords that were there before stay: their Secrets can still be labelled, and let go of finalizers."""
        new, old = _data(attributes.object), _data(attributes.old_object)
        least = self._configuration.min_length
        for key in self._configuration.keys:
            value = new.get(key)
            if value is not None and value != old.get(key) and len(base64.b64decode(value)) < least:
                yield field_invalid(f"data[{key}]", REDACTED, f"must have at least {least} bytes")


def _data(secret: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Key to value in base64; what was sent as ``stringData`` is here too."""
    return (secret or {}).get("data") or {}
