"""The metadata that all objects have (API conventions, section "Metadata"), as pydantic models."""

from typing import Any

from pydantic import AwareDatetime, Field

from steersman.client.api_model import ApiModel


class OwnerReference(ApiModel):
    """An entry of ``metadata.ownerReferences``: an object that this one goes with."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ManagedFieldsEntry(ApiModel):
    """An entry of ``metadata.managedFields``: the fields that a manager set (KEP-555)."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: AwareDatetime | None = None
    fields_type: str = ""
    fields_v1: dict[str, Any] | None = None
    subresource: str = ""


class ObjectMeta(ApiModel):
    """``metadata`` of an object. Strings are empty, and lists and maps too, where nothing was set."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: AwareDatetime | None = None
    deletion_timestamp: AwareDatetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    owner_references: list[OwnerReference] = Field(default_factory=list)
    finalizers: list[str] = Field(default_factory=list)
    managed_fields: list[ManagedFieldsEntry] = Field(default_factory=list)
