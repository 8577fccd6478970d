"""``apply view-last-applied``, ``edit-last-applied`` and ``set-last-applied``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.cli.applying.apply import in_namespace
from steersman.cli.applying.last_applied import LAST_APPLIED, annotated, last_applied
from steersman.cli.cluster.failure import CommandError, UsageError
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection import Found, Target, fetch, find_targets, resource_of
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.session import Session
from steersman.cli.cluster.write_flags import Writing
from steersman.cli.editing import edit_loop
from steersman.cli.printing.json_text import print_json
from steersman.cli.printing.yaml_text import print_yaml
from steersman.client.patch_type import PatchType

Json = dict[str, Any]

_PRINTERS: Mapping[str, Callable[[Any], str]] = {"yaml": print_yaml, "json": lambda value: print_json(value, indent=2)}


@dataclass(frozen=True)
class Chosen:
    """The objects that a command is about."""

    session: Session
    args: Sequence[str]
    files: Files
    selectors: Selectors
    include_uninitialized: bool

    async def view(self, output: str) -> None:
        """Print what was applied last. Raises UsageError for an unknown format."""
        if output not in _PRINTERS:
            raise UsageError(f"Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json")
        for found in await self._fetch():
            with self.session.going_on():
                text = _PRINTERS[output](_of(found))
                self.session.write(self.session.document(text) if output == "yaml" else text)

    async def edit(self, writing: Writing) -> None:
        """Have what was applied last edited."""
        for found in await self._fetch():
            with self.session.going_on():
                await self._edit(found, writing)

    async def _edit(self, found: Found, writing: Writing) -> None:
        async def save(edited: Json) -> None:
            result = await _set(found, edited, writing)
            writing.report(self.session, found.target, "edited", result)

        await edit_loop.edit(self.session, _of(found), save)

    async def _fetch(self) -> list[Found]:
        targets = await find_targets(self.session, self.args, self.files)
        return await fetch(self.session, targets, self.selectors, include_uninitialized=self.include_uninitialized)


async def set_from_files(session: Session, files: Files, writing: Writing, *, create_annotation: bool) -> None:
    """Set the annotation of the objects to what the files say of them."""
    for one in files.read():
        with session.going_on():
            resource = await resource_of(session, one)
            namespace = one.namespace(session.connection.namespace, session.namespace) if resource.namespaced else ""
            client = session.client.resource(resource.api_resource)
            obj = await client.get(one.name, namespace=namespace, include_uninitialized=True)
            found = Found(Target(resource, namespace, one.name, one.source), client, obj)
            if last_applied(obj) is None and not create_annotation:
                raise CommandError(
                    f"no last-applied-configuration annotation found on {found.target.label}; "
                    "to create the annotation, use --create-annotation"
                )
            result = await _set(found, in_namespace(one.obj, namespace), writing)
            writing.report(session, found.target, "configured", result)


def _of(found: Found) -> Json:
    """What was applied last. Raises CommandError if nothing was."""
    applied = last_applied(found.obj)
    if applied is None:
        raise CommandError(f"no last-applied-configuration annotation found on resource: {found.target.name}")
    return applied


async def _set(found: Found, applied: Json, writing: Writing) -> Json:
    """The object with the annotation; nothing is sent in a dry run of the client."""
    text = annotated(applied)["metadata"]["annotations"][LAST_APPLIED]
    patch = {"metadata": {"annotations": {LAST_APPLIED: text}}}
    if writing.is_client_dry_run:
        return found.obj
    return await found.client.patch(
        found.target.name,
        patch,
        type=PatchType.MERGE,
        namespace=found.target.namespace,
        dry_run=writing.is_server_dry_run,
        field_manager=writing.field_manager or "kubectl-client-side-apply",
    )
