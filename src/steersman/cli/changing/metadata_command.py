"""What ``label`` and ``annotate`` do: they differ in a field, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from steersman.cli.changing.metadata_flags import MetadataFlags
from steersman.cli.changing.modify import Choice
from steersman.cli.changing.pairs import Pairs, check_labels, split_pairs
from steersman.cli.cluster.failure import CommandError, UsageError
from steersman.cli.cluster.files import Files
from steersman.cli.cluster.selection import Found, find_targets
from steersman.cli.cluster.selection_flags import Selectors
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

    async def perform(
        self,
        session: Session,
        args: Sequence[str],
        files: Files,
        selectors: Selectors,
        flags: MetadataFlags,
        writing: Writing,
        *,
        list_them: bool,
    ) -> None:
        """Change what ``args`` say, or else list what there is. Raises UsageError."""
        writing.check()
        named, pairs = split_pairs(args, self.one)
        if not pairs and not list_them:
            raise UsageError(f"at least one {self.one} update is required")
        if self.one == "label":
            check_labels(pairs)
        targets = await find_targets(session, named, files, all_namespaces=flags.all_namespaces)
        choice = Choice(targets, selectors, flags.all, flags.include_uninitialized)
        if pairs:
            await self._change(session, choice, pairs, writing, flags)
        else:
            await self._list(session, choice)

    def _pairs_of(self, obj: Json) -> dict[str, str]:
        return obj["metadata"].get(self.field) or {}

    async def _list(self, session: Session, choice: Choice) -> None:
        """Print what the objects have."""
        found = await choice.fetch(session)
        for one in found:
            if len(found) > 1:
                session.say(
                    f"Listing {self.field} for {one.target.resource.kind}.{one.target.resource.group}"
                    f"/{one.target.name}:"
                )
            for key, value in sorted(self._pairs_of(one.obj).items()):
                session.say(f"{' ' * (len(found) > 1)}{key}={value}")

    async def _change(
        self, session: Session, choice: Choice, pairs: Pairs, writing: Writing, flags: MetadataFlags
    ) -> None:
        for found in await choice.fetch(session):
            with session.going_on():
                old = self._pairs_of(found.obj)
                if not flags.overwrite:
                    self._check(old, pairs)
                for key in pairs.removed:
                    if self.one == "label" and key not in old:
                        session.say(f'{self.one} "{key}" not found.')
                new = pairs.applied_to(old)
                result = await self._send(found, old, new, writing, flags.resource_version)
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

LABEL = MetadataCommand("labels", "label", "labeled")
ANNOTATE = MetadataCommand("annotations", "annotation", "annotated")
