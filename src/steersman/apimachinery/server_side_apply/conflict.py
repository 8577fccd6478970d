"""The 409 of an apply that would take fields from their managers (KEP-555, "Conflicts")."""

from collections.abc import Mapping

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.managed_fields import Manager
from steersman.apimachinery.server_side_apply.path_element import path_text


def apply_conflict(conflicts: Mapping[Manager, FieldSet]) -> ApiError:
    """One cause for each field, with the manager that it belongs to; the message lists them by manager."""
    by_manager = sorted((str(manager), [path_text(path) for path in fields]) for manager, fields in conflicts.items())
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": place}
        for manager, places in by_manager
        for place in places
    ]
    if len(causes) == 1:
        message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lines = [line for manager, places in by_manager for line in _lines(manager, places)]
        message = f"Apply failed with {len(causes)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", message, {"causes": causes})


def _lines(manager: str, places: list[str]) -> list[str]:
    return [f"conflicts with {manager}:", *(f"- {place}" for place in places)]
