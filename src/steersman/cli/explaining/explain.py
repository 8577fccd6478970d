"""Explaining objects one after the other."""

from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.cli.applying.apply import in_namespace
from steersman.cli.applying.last_applied import annotated, last_applied
from steersman.cli.applying.patch_meta import patch_meta
from steersman.cli.applying.three_way import three_way_patch
from steersman.cli.cluster.failure import REFUSED, CommandError, UsageError
from steersman.cli.cluster.files import FileObject
from steersman.cli.cluster.selection import Target, name_of, resource_of
from steersman.cli.cluster.session import Session
from steersman.cli.explain import FORMATS, OPERATIONS
from steersman.cli.explaining.step_table import step_table
from steersman.cli.printing.output_format import Output, printer
from steersman.client.explaining import EXPLANATION, explaining
from steersman.client.resource_client import ResourceClient

Json = dict[str, Any]


@dataclass(frozen=True)
class Explain:
    """What was asked for. ``validate`` is Strict, Warn or Ignore."""

    session: Session
    operation: str
    output: str
    all_steps: bool
    validate: str

    def check(self) -> None:
        """Raises UsageError."""
        Output.parse(self.output, FORMATS)
        if self.operation not in OPERATIONS:
            raise UsageError(f"Invalid operation ({self.operation}). Must be one of {', '.join(OPERATIONS)}.")

    async def explain(self, one: FileObject) -> None:
        """Print the explanation of one object. Raises ApiError, CommandError, UsageError, and as discovery."""
        session = self.session
        if not one.name and self.operation in ("update", "delete"):
            raise UsageError(f"{one.source}: {one.kind.kind} has no metadata.name, and so none to {self.operation}")
        resource = await resource_of(session, one)
        namespace = one.namespace(session.connection.namespace, session.namespace) if resource.namespaced else ""
        target = Target(resource, namespace, one.name)
        told: Json = await self._ask(target, in_namespace(one.obj, namespace))
        if told.get("kind") != EXPLANATION:
            raise CommandError("this server does not explain writes: it made a dry run, and told its result only")
        self._print(target, told)
        if not told["allowed"]:
            session.exit_code = max(session.exit_code, REFUSED)

    async def _ask(self, target: Target, obj: Json) -> Any:
        plain = self.session.client.resource(target.resource.api_resource)
        client, namespace = explaining(plain), target.namespace
        match self.operation:
            case "create":
                return await client.create(obj, namespace=namespace, field_validation=self.validate)
            case "update":
                return await client.update(obj, namespace=namespace, field_validation=self.validate)
            case "delete":
                return await client.delete(target.name, namespace=namespace)
        live = await _live(target, plain) if target.name else None
        wanted = annotated(obj)
        if live is None:
            return await client.create(wanted, namespace=namespace, field_validation=self.validate)
        meta = patch_meta(target.resource.group_version_kind)
        patch, type = three_way_patch(last_applied(live) or {}, wanted, live, meta)
        return await client.patch(target.name, patch, type=type, namespace=namespace, field_validation=self.validate)

    def _print(self, target: Target, told: Json) -> None:
        session = self.session
        match Output.parse(self.output, FORMATS):
            case Output("table"):
                label = name_of(target.resource, told["request"].get("name") or target.name)
                text = step_table(label, told, all_steps=self.all_steps)
                session.write(f"\n{text}" if session.documents else text)
                session.documents += 1
            case Output("yaml") as output:
                session.write(session.document(printer(output)(told)))
            case output:
                session.write(printer(output)(told))


async def _live(target: Target, client: ResourceClient[Json]) -> Json | None:
    """The object as it is; None without one."""
    try:
        return await client.get(target.name, namespace=target.namespace)
    except ApiError as error:
        if error.code == 404:
            return None
        raise
