"""Server-side apply (KEP-555): who manages which fields of an object, and what an applied configuration makes of it.

An object is walked by its schema (:class:`MergeSchema`), which says how each node merges. What someone manages is a
:class:`FieldSet`, kept in ``metadata.managedFields``. :class:`FieldManager` applies and updates; all of it is pure.
"""

from steersman.apimachinery.server_side_apply.field_manager import FieldManager
from steersman.apimachinery.server_side_apply.field_set import FieldSet
from steersman.apimachinery.server_side_apply.managed_fields import managed_fields_fault, same_but_for_times
from steersman.apimachinery.server_side_apply.merge_schema import MergeSchema

__all__ = ["FieldManager", "FieldSet", "MergeSchema", "managed_fields_fault", "same_but_for_times"]
