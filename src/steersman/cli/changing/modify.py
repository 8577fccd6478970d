"""Change objects one after the other, by patches of what is different."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from steersman.apimachinery.merge_patch import create_merge_patch
from steersman.apimachinery.strategic_merge import create_two_way
from steersman.cli.applying.patch_meta import patch_meta
from steersman.cli.cluster.failure import UsageError
from steersman.cli.cluster.selection import Found, Target, fetch
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.session import Session
from steersman.cli.cluster.write_flags import Writing
from steersman.client.patch_type import PatchType

Json = dict[str, Any]


Change = Callable[[Json], Json]
"""From an object, which it may change, to what it shall be. Raises CommandError if that cannot be."""


@dataclass(frozen=True)
class Choice:
    """Which objects are to be changed: those that are named, or all of the types that are selected."""

    targets: Sequence[Target]
    selectors: Selectors
    all: bool
    include_uninitialized: bool

    async def fetch(self, session: Session) -> list[Found]:
        """Raises UsageError where nothing says which objects."""
        if not self.all and not self.selectors and not all(target.name for target in self.targets):
            raise UsageError("resource(s) were provided, but no name was specified")
        return await fetch(session, self.targets, self.selectors, include_uninitialized=self.include_uninitialized)


async def send_difference(found: Found, new: Json, writing: Writing, manager: str) -> Json:
    """Make the server's object ``new``: by a strategic merge patch for kinds that have merge keys. The answer is the
    object; with nothing to change, or in a dry run of the client, nothing is sent.
    """
    meta = patch_meta(found.target.resource.group_version_kind)
    patch = create_merge_patch(found.obj, new) if meta is None else create_two_way(found.obj, new, meta)
    if not patch or writing.is_client_dry_run:
        return new
    return await found.client.patch(
        found.target.name,
        patch,
        type=PatchType.MERGE if meta is None else PatchType.STRATEGIC_MERGE,
        namespace=found.target.namespace,
        dry_run=writing.is_server_dry_run,
        field_manager=writing.field_manager or manager,
    )


async def change_objects(
    session: Session, choice: Choice, change: Change, writing: Writing, *, done: str, manager: str
) -> None:
    """Change each of the objects; of those that stay as they are nothing is said."""
    for found in await choice.fetch(session):
        with session.going_on():
            new = change(msgspec.to_builtins(found.obj))
            if new != found.obj:
                result = await send_difference(found, new, writing, manager)
                writing.report(session, found.target, done, result)
