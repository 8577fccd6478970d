"""Sending objects that are to be created."""

from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.group_version import GroupVersion, GroupVersionKind
from steersman.cli.applying.last_applied import annotated
from steersman.cli.cluster.connection import Connection
from steersman.cli.cluster.failure import in_file
from steersman.cli.cluster.files import FileObject
from steersman.cli.cluster.selection import Target, resource_of
from steersman.cli.cluster.session import Session, run
from steersman.cli.creating.flags import CreateFlags

Json = dict[str, Any]


@dataclass(frozen=True)
class Create:
    """What was asked for."""

    session: Session
    flags: CreateFlags
    validate: str = ""

    async def create(self, one: FileObject, namespace: str) -> None:
        """Create an object and say so. Raises ApiError, CommandError, and as discovery."""
        session, writing = self.session, self.flags
        resource = await resource_of(session, one)
        place, obj = namespace if resource.namespaced else "", one.obj
        if place:
            obj = {**obj, "metadata": {**obj["metadata"], "namespace": place}}
        obj = annotated(obj) if self.flags.save_config else obj
        result = obj
        if not writing.is_client_dry_run:
            try:
                result = await session.client.resource(resource.api_resource).create(
                    obj,
                    namespace=place,
                    dry_run=writing.is_server_dry_run,
                    field_manager=writing.field_manager or "kubectl-create",
                    field_validation=self.validate,
                    include_uninitialized=self.flags.include_uninitialized,
                )
            except ApiError as error:
                raise in_file(error, "creating", one.source) from None
        writing.report(session, Target(resource, place, result["metadata"].get("name", "<unknown>")), "created", result)


def create_one(connection: Connection, flags: CreateFlags, api_version: str, kind: str, obj: Json) -> None:
    """The whole command for an object that was made of flags."""
    group_version = GroupVersion.parse(api_version)
    whole = {"apiVersion": api_version, "kind": kind, **obj}

    async def work(session: Session) -> None:
        flags.check()
        # What is only printed says a namespace if one was asked for.
        is_printed = flags.is_client_dry_run and flags.output
        namespace = connection.namespace if is_printed else session.namespace
        await Create(session, flags).create(FileObject(GroupVersionKind(*group_version, kind), whole, ""), namespace)

    run(connection, work)
