"""Who manages the fields of an object, kept up to date from the first apply on (docs/decisions/0007).

Server-side apply is imported where somebody applies, or has: a server starts sooner without it.
"""

from typing import TYPE_CHECKING

from steersman.apimachinery.object_meta import FIELD_MANAGER_LENGTH
from steersman.apiserver.registry import metadata
from steersman.apiserver.registry.resource import Object, Resource

if TYPE_CHECKING:
    from steersman.apimachinery.server_side_apply import FieldManager


def field_manager(resource: Resource, subresource: str) -> "FieldManager":
    """What tracks the writes to objects of a resource, or (where one is named) to a subresource of theirs."""
    from steersman.apimachinery.server_side_apply import FieldManager

    return FieldManager(
        resource.definition.merge_schema,
        resource.gvk,
        has_status=resource.strategy.has_status,
        subresource=subresource,
    )


def can_be_tracked(resource: Resource) -> bool:
    """Whether the kind's metadata has a place for managedFields: before Kubernetes 1.14 it had none."""
    meta = resource.definition.merge_schema.field("metadata")
    return meta is not None and meta.declares("managedFields")


def manager_name(parameter: str, user_agent: bytes) -> str:
    """Whose a write is: as the client says, or else the program that its User-Agent header begins with."""
    if parameter:
        return parameter
    program = user_agent.partition(b"/")[0].decode(errors="replace")
    printable = "".join(letter for letter in program if letter.isprintable())
    return printable.encode()[:FIELD_MANAGER_LENGTH].decode(errors="ignore")


def settle(new: Object, old: Object, managed: list[Object]) -> list[str]:
    """Bring the managedFields of ``new`` into their last form, once admission is through; returns warnings.

    What admission left malformed becomes what it was, ``managed``. Where nothing else has changed since ``old``, new
    times are no reason to write.
    """
    from steersman.apimachinery.server_side_apply import managed_fields_fault, same_but_for_times

    meta, warnings = new["metadata"], []
    present = meta.get("managedFields")
    if present is not managed and (fault := managed_fields_fault(present)):
        present = meta["managedFields"] = managed
        warnings.append(
            ".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated "
            f"mutating admission controller; please fix your requests: {fault}"
        )
    before = old["metadata"].get("managedFields")
    if before and present and before != present and same_but_for_times(before, present):
        settled = {**new, "metadata": {**meta, "managedFields": before}}
        if metadata.is_same(settled, old):
            meta["managedFields"] = before
    return warnings
