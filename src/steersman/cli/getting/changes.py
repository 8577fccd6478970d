"""Objects as they change: ``get --watch``."""

from collections.abc import AsyncIterator, Sequence

from steersman.cli.cluster.failure import UsageError
from steersman.cli.cluster.selection import Target, name_of
from steersman.cli.cluster.session import Session
from steersman.cli.getting.lists import format_objects, read_table, table_query
from steersman.cli.getting.request import Request
from steersman.cli.printing.table import ACCEPT, Json, TablePrinter
from steersman.client.watch import BOOKMARK, Watch, WatchEvent


async def print_changes(session: Session, request: Request, targets: Sequence[Target], *, only: bool) -> None:
    """Print what there is, unless ``only`` changes are wanted, and then every change. It ends with the server."""
    if len(targets) != 1:
        raise UsageError(
            f"watch is only supported on individual resources and resource collections - "
            f"{len(targets)} resources were found"
        )
    (target,) = targets
    await (_Tables if request.is_table else _Objects)(session, request, target).print(only=only)


class _Tables:
    """Changes as rows."""

    def __init__(self, session: Session, request: Request, target: Target) -> None:
        self.session, self.request, self.target = session, request, target
        columns = request.columns() if target.resource.namespaced else request.columns().without_namespace()
        prefix = name_of(target.resource, "") if request.appearance.show_kind else ""
        self.printer = TablePrinter(columns, prefix, headed=request.appearance.no_headers)
        self.printer.event_column = request.appearance.output_watch_events

    async def print(self, *, only: bool) -> None:
        table = await read_table(self.session, self.request, self.target)
        if table is None:
            return
        if not only:
            self.session.write(self.printer.print(table, event="ADDED"))
        accept, query = ACCEPT, table_query(self.request)
        async for event in _events(
            self.session, self.request, self.target, _version(table, self.target), query, accept
        ):
            self.session.write(self.printer.print(event.object, event=event.type))


class _Objects:
    """Changes as objects, one after the other."""

    def __init__(self, session: Session, request: Request, target: Target) -> None:
        self.session, self.request, self.target = session, request, target

    async def print(self, *, only: bool) -> None:
        client = self.session.client.resource(self.target.resource.api_resource)
        uninitialized = self.request.include_uninitialized
        if self.target.name:
            obj = await client.get(
                self.target.name, namespace=self.target.namespace, include_uninitialized=uninitialized
            )
            objects, version = [obj], obj["metadata"]["resourceVersion"]
        else:
            listed = await client.list(
                namespace=self.target.namespace,
                label_selector=self.request.selectors.selector,
                field_selector=self.request.selectors.field_selector,
                include_uninitialized=uninitialized,
            )
            objects, version = listed.items, listed.resource_version
        for obj in () if only else objects:
            self._print("ADDED", obj)
        async for event in _events(self.session, self.request, self.target, version, {}, "application/json"):
            self._print(event.type, event.object)

    def _print(self, type: str, obj: Json) -> None:
        if self.request.output.kind == "name":
            self.session.say(Target(self.target.resource, "", obj["metadata"]["name"]).label)
            return
        if self.request.appearance.output_watch_events:
            obj = {"type": type, "object": obj}
        self.session.write(format_objects(self.request, [obj], is_single=True))


def _version(table: Json, target: Target) -> str:
    """From where to watch: of one object its own version."""
    version: str = (table.get("metadata") or {}).get("resourceVersion") or ""
    if not version and target.name and table["rows"]:
        version = table["rows"][0]["object"]["metadata"]["resourceVersion"]
    return version


async def _events(
    session: Session, request: Request, target: Target, version: str, query: dict[str, str], accept: str
) -> AsyncIterator[WatchEvent[Json]]:
    """Changes after ``version``, over as many watches as the server ends in good order."""
    path = target.resource.api_resource.path(target.namespace)
    said = {"watch": "true", **query, **request.query(target.name)}
    while True:
        stream = session.client.rest.stream("GET", path, query=said | {"resourceVersion": version}, accept=accept)
        async with Watch(stream, target.resource.api_resource, version) as events:
            async for event in events:
                if event.type != BOOKMARK:
                    yield event
            version = events.resource_version
