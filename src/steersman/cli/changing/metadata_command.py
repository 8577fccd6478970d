"""What ``label`` and ``annotate`` do: they differ in a field, and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steersman.cli.changing.modify import Choice
from steersman.cli.changing.pairs import Pairs
from steersman.cli.cluster.failure import CommandError
from steersman.cli.cluster.selection import Found
from steersman.cli.cluster.session import Session
from steersman.cli.cluster.write_flags import Writing
from steersman.client.patch_type import PatchType

Json = dict[str, Any]


@dataclass(frozen=True)
class MetadataCommand:
    """``field`` is that of metadata; ``one`` what a member of it is called; ``done`` what an object is then."""

    field: str
    one: str
    done: str

    def pairs_of(self, obj: Json) -> dict[str, str]:
        return obj["metadata"].get(self.field) or {}

    async def list(self, session: Session, choice: Choice) -> None:
        """Print what the objects have."""
        found = await choice.fetch(session)
        for one in found:
            if len(found) > 1:
                session.say(
                    f"Listing {self.field} for {one.target.resource.kind}.{one.target.resource.group}"
                    f"/{one.target.name}:"
                )
            for key, value in sorted(self.pairs_of(one.obj).items()):
                session.say(f"{' ' * (len(found) > 1)}{key}={value}")

    async def change(
        self, session: Session, choice: Choice, pairs: Pairs, writing: Writing, *, overwrite: bool, version: str
    ) -> None:
        for found in await choice.fetch(session):
            with session.going_on():
                old = self.pairs_of(found.obj)
                if not overwrite:
                    self._check(old, pairs)
                for key in pairs.removed:
                    if self.one == "label" and key not in old:
                        session.say(f'{self.one} "{key}" not found.')
                new = pairs.applied_to(old)
                result = await self._send(found, old, new, writing, version)
                writing.report(session, found.target, self._message(old, new), result)

    def _check(self, old: Mapping[str, str], pairs: Pairs) -> None:
        taken = [key for key, value in pairs.set.items() if key in old and old[key] != value]
        said = [f"'{key}' already has a value ({old[key]})" for key in taken]
        if said and self.one == "label":
            raise CommandError(f"{said[0]}, and --overwrite is false")
        if said:
            raise CommandError(
                f"--overwrite is false but found the following declared {self.one}(s): {'; '.join(said)}"
            )

    async def _send(
        self, found: Found, old: Mapping[str, str], new: Mapping[str, str], writing: Writing, version: str
    ) -> Json:
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        patch: Json = {"metadata": {self.field: {**changed, **{key: None for key in old if key not in new}}}}
        if version:
            patch["metadata"]["resourceVersion"] = version
        if writing.is_client_dry_run:
            return {**found.obj, "metadata": {**found.obj["metadata"], self.field: dict(new)}}
        if not patch["metadata"][self.field]:
            return found.obj
        return await found.client.patch(
            found.target.name,
            patch,
            type=PatchType.MERGE,
            namespace=found.target.namespace,
            dry_run=writing.is_server_dry_run,
            field_manager=writing.field_manager or f"kubectl-{_VERBS[self.one]}",
        )

    def _message(self, old: Mapping[str, str], new: Mapping[str, str]) -> str:
        if self.one != "label":
            return self.done
        comes = any(old.get(key) != value for key, value in new.items())
        goes = any(key not in new for key in old)
        return _MESSAGES[comes, goes]


_MESSAGES = {
    (False, False): "not labeled",
    (True, False): "labeled",
    (False, True): "unlabeled",
    (True, True): "modified",
}
_VERBS = {"label": "label", "annotation": "annotate"}
