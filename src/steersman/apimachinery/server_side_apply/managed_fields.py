"""``metadata.managedFields``: who manages which fields (API reference, ManagedFieldsEntry)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.fields_v1 import decode_fields, encode_fields
from steersman.apimachinery.time import parse_time

APPLY, UPDATE = "Apply", "Update"
MAX_UPDATE_MANAGERS = 10
"""How many entries of the operation Update an object has at most."""
ANCIENT_CHANGES = "ancient-changes"
"""The manager that takes over the oldest of those beyond."""

Entry = dict[str, Any]
_IDENTITY = ("manager", "operation", "apiVersion", "subresource")


class Manager(NamedTuple):
    """Who an entry is of. An applier has no ``api_version``: it is the same one in whichever version it applies."""

    name: str
    operation: str
    subresource: str = ""
    api_version: str = ""

    def __str__(self) -> str:
        """As conflicts name it: ``"kubectl" using apps/v1``."""
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == UPDATE else text


@dataclass(frozen=True, slots=True)
class Managed:
    """What a manager manages: its fields as of a version, and when it last changed one (RFC 3339; "" is unknown)."""

    fields: FieldSet
    api_version: str
    time: str = ""


ManagedFields = dict[Manager, Managed]


def decode_managed_fields(entries: Any) -> ManagedFields:
    """The entries of an object, whose types have been checked. Raises ValueError for what no server wrote."""
    managed: ManagedFields = {}
    for index, given in enumerate(entries or ()):
        entry = given or {}
        operation, api_version = entry.get("operation"), entry.get("apiVersion")
        if operation not in (APPLY, UPDATE):
            raise ValueError("operation must be `Apply` or `Update`")
        if not api_version:
            raise ValueError("apiVersion must not be empty")
        fields_type = entry.get("fieldsType")
        if fields_type != "FieldsV1":
            fault = f'invalid fieldsType "{fields_type}"' if fields_type else "missing fieldsType"
            raise ValueError(f"{fault} in managed fields entry {index}")
        given_fields = entry.get("fieldsV1")
        fields = decode_fields({} if given_fields is None else given_fields)
        known_version = api_version if operation == UPDATE else ""
        manager = Manager(entry.get("manager") or "", operation, entry.get("subresource") or "", known_version)
        managed[manager] = Managed(fields, api_version, entry.get("time") or "")
    return managed


def encode_managed_fields(managed: ManagedFields) -> list[Entry]:
    """The entries of an object: appliers first, then by time, manager, version and subresource."""
    return [_entry(manager, managed[manager]) for manager in sorted(managed, key=lambda one: _order(one, managed[one]))]


def managed_fields_fault(entries: Any) -> str:
    """What is wrong with the entries of an object; empty where nothing is."""
    try:
        decode_managed_fields(entries)
    except ValueError as error:
        return str(error)
    return ""


def is_reset(entries: Any) -> bool:
    """Whether a client says that nobody is to manage anything: ``[]`` or ``[{}]``."""
    return isinstance(entries, list) and (not entries or (len(entries) == 1 and not entries[0]))


def same_but_for_times(one: Sequence[Entry], other: Sequence[Entry]) -> bool:
    """Whether two lists of entries differ in nothing else, but for the order that comes of the times."""
    return len(one) == len(other) and _without_times(one) == _without_times(other)


def _without_times(entries: Sequence[Entry]) -> list[Entry]:
    timeless = [{**entry, "time": None} for entry in entries]
    return sorted(timeless, key=lambda entry: [entry.get(field) or "" for field in _IDENTITY])


def cap_update_managers(managed: ManagedFields) -> ManagedFields:
    """With the oldest Update entries merged, version by version, until they are no more than allowed."""
    updaters = [manager for manager in managed if manager.operation == UPDATE]
    excess = len(updaters) - MAX_UPDATE_MANAGERS
    if excess <= 0:
        return managed
    updaters.sort(key=lambda one: (_seconds(managed[one]), one))
    capped = dict(managed)
    first_of: dict[str, Manager] = {}
    for manager in updaters:
        if excess <= 0:
            break
        mine = managed[manager]
        first = first_of.setdefault(mine.api_version, manager)
        if first == manager:
            continue
        bucket = Manager(ANCIENT_CHANGES, UPDATE, api_version=mine.api_version)
        if bucket not in capped:
            capped[bucket] = capped.pop(first)
        fields = capped[bucket].fields | mine.fields
        if manager != bucket:
            del capped[manager]
        capped[bucket] = Managed(fields, mine.api_version, mine.time)
        excess -= 1
    return capped


def _entry(manager: Manager, managed: Managed) -> Entry:
    entry: Entry = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": managed.api_version,
        "time": managed.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": encode_fields(managed.fields),
        "subresource": manager.subresource,
    }
    return {key: value for key, value in entry.items() if value != ""}


def _order(manager: Manager, managed: Managed) -> tuple[Any, ...]:
    return (manager.operation, _seconds(managed), manager.name, managed.api_version, manager.subresource)


def _seconds(managed: Managed) -> float:
    return parse_time(managed.time).timestamp() if managed.time else 0.0
