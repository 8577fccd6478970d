"""Describe objects one after the other."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from steersman.apimachinery.errors import ApiError
from steersman.cli.cluster.selection import Found, Target, fetch
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.session import Session
from steersman.cli.describing.events import event_rows
from steersman.cli.describing.generic_description import describe_object


@dataclass(frozen=True)
class Describe:
    """What was asked for."""

    session: Session
    selectors: Selectors
    include_uninitialized: bool
    show_events: bool

    async def describe(self, targets: Sequence[Target]) -> None:
        """Print what there is to say of each object."""
        described = 0
        for target in targets:
            with self.session.going_on():
                for found in await self._find(target):
                    self.session.write("\n\n" if described else "")
                    described += 1
                    self.session.write(describe_object(found.obj, await self._events(found)))
        if not described and not self.session.exit_code:
            self.session.complain(f"No resources found in {self.session.namespace} namespace.")

    async def _find(self, target: Target) -> list[Found]:
        """The object, or if there is none of the name those whose names begin with it. Raises ApiError."""
        if not target.name:
            return await self._fetch(target)
        client = self.session.client.resource(target.resource.api_resource)
        try:
            obj = await client.get(
                target.name, namespace=target.namespace, include_uninitialized=self.include_uninitialized
            )
            return [Found(target, client, obj)]
        except ApiError as error:
            if error.code != 404 or target.source:
                raise
            all_found = await self._fetch(target._replace(name=""))
            begin = [found for found in all_found if found.target.name.startswith(target.name)]
            if not begin:
                raise
            return begin

    async def _fetch(self, target: Target) -> list[Found]:
        return await fetch(self.session, [target], self.selectors, include_uninitialized=self.include_uninitialized)

    async def _events(self, found: Found) -> list[list[str]] | None:
        if not self.show_events:
            return None
        try:
            return await event_rows(self.session.client, found.obj, time.time())
        except ApiError:
            # Who may see an object may not be allowed to see events.
            return None
