"""Delete objects one after the other, then wait for all of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.cli.cluster.failure import CommandError, UsageError, in_file
from steersman.cli.cluster.selection import Found, Target, fetch
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.session import Session
from steersman.cli.deleting.flags import DeleteFlags
from steersman.client.watch import DELETED

Json = dict[str, Any]


@dataclass(frozen=True)
class Delete:
    """What was asked for."""

    session: Session
    flags: DeleteFlags
    selectors: Selectors
    include_uninitialized: bool

    async def delete(self, targets: Sequence[Target]) -> None:
        """Raises UsageError where nothing says which objects of a type."""
        named = [target for target in targets if target.name]
        of_type = [target for target in targets if not target.name]
        if of_type and not self.flags.all and not self.selectors:
            raise UsageError("resource(s) were provided, but no name was specified")
        if named and self.selectors:
            raise UsageError("name cannot be provided when a selector is specified")
        selected = await fetch(self.session, of_type, self.selectors, include_uninitialized=self.include_uninitialized)
        if self.session.connection.namespace and not all(one.resource.namespaced for one in targets):
            self.session.complain("Warning: deleting cluster-scoped resources, not scoped to the provided namespace")
        deleted = []
        for target in [*named, *(found.target for found in selected)]:
            with self.session.going_on():
                if (found := await self._delete(target)) is not None:
                    deleted.append(found)
        if not named and not selected and not self.session.exit_code:
            self.session.say("No resources found")
        if self.flags.wait and self.flags.dry_run == "none":
            with self.session.going_on():
                await self._wait(deleted)

    async def _delete(self, target: Target) -> Found | None:
        """The object as it was when it was deleted; None if there was none, which may be."""
        client = self.session.client.resource(target.resource.api_resource)
        try:
            if self.flags.dry_run == "client":
                answer = await client.get(target.name, namespace=target.namespace, include_uninitialized=True)
            else:
                answer = await client.delete(
                    target.name,
                    namespace=target.namespace,
                    propagation_policy=self.flags.propagation_policy,
                    grace_period_seconds=self.flags.seconds,
                    dry_run=self.flags.dry_run == "server",
                )
        except ApiError as error:
            if error.code == 404 and self.flags.ignore_not_found:
                return None
            raise in_file(error, "deleting", target.source) from None
        self.session.say(target.label if self.flags.output == "name" else self._message(target))
        return Found(target, client, answer)

    def _message(self, target: Target) -> str:
        kind, _, name = target.label.partition("/")
        done = "force deleted" if self.flags.force else "deleted"
        place = f" from {target.namespace} namespace" if target.namespace else ""
        return f'{kind} "{name}" {done}{place}{self.flags.suffix}'

    async def _wait(self, deleted: Sequence[Found]) -> None:
        """Raises CommandError if objects are there still after the time that was given."""
        try:
            async with asyncio.timeout(self.flags.timeout or None):
                for found in deleted:
                    await _until_gone(found)
        except TimeoutError:
            raise CommandError("timed out waiting for the objects to be gone") from None


async def _until_gone(found: Found) -> None:
    """A watch of the one object ends with it. An object of another uid under its name is another one."""
    target = found.target
    uid = _uid(found.obj)
    while True:
        try:
            obj = await found.client.get(target.name, namespace=target.namespace, include_uninitialized=True)
        except ApiError as error:
            if error.code == 404:
                return
            raise
        if uid and _uid(obj) != uid:
            return
        watch = found.client.watch(
            namespace=target.namespace,
            field_selector=f"metadata.name={target.name}",
            resource_version=obj["metadata"]["resourceVersion"],
            include_uninitialized=True,
        )
        async with watch as events:
            async for event in events:
                if event.type == DELETED:
                    return


def _uid(answer: Json) -> str:
    """Of an object, or of the one that a Status is about."""
    uid: str = (answer.get("metadata") or {}).get("uid") or (answer.get("details") or {}).get("uid") or ""
    return uid
