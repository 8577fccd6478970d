"""Objects as they are now."""

import re
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import orjson

from steersman.apimachinery import table as age_of
from steersman.apimachinery.errors import ApiError
from steersman.apimachinery.jsonpath import JSONPath
from steersman.cli.cluster.selection import Target, fetch, name_of
from steersman.cli.cluster.session import Session
from steersman.cli.getting.request import Request
from steersman.cli.printing.custom_columns import parse_columns, parse_columns_file, print_columns
from steersman.cli.printing.output_format import Output, as_list, printer, without_managed_fields
from steersman.cli.printing.table import ACCEPT, Json, TablePrinter, as_table

_PARTS = re.compile(r"[0-9]+|[^0-9]+")


async def print_lists(session: Session, request: Request, targets: Sequence[Target], *, several: bool) -> None:
    """Print what there is; ``several`` types were asked for by name."""
    if request.is_table:
        await _print_tables(session, request, targets, several)
        return
    found = await fetch(
        session,
        targets,
        request.selectors,
        include_uninitialized=request.include_uninitialized,
        ignore_not_found=request.ignore_not_found,
    )
    objects = _sorted([one.obj for one in found], request.appearance.sort_by, lambda obj: obj)
    is_single = len(targets) == 1 and bool(targets[0].name)
    if request.output.kind == "name":
        session.write("".join(f"{one.target.label}\n" for one in found))
    elif objects or not is_single:
        session.write(format_objects(request, objects, is_single=is_single))


def format_objects(request: Request, objects: Sequence[Json], *, is_single: bool) -> str:
    """The objects in the format that was asked for, which is not ``name``; as a List unless a single one is meant."""
    if not request.appearance.show_managed_fields:
        objects = [without_managed_fields(obj) for obj in objects]
    if columns := custom_columns(request.output):
        return print_columns(columns, objects, headers=not request.appearance.no_headers) if objects else ""
    return printer(request.output)(objects[0] if is_single else as_list(objects))


def custom_columns(output: Output) -> list[Any]:
    """Those that were asked for, if any. Raises ValueError, OSError."""
    match output.kind:
        case "custom-columns":
            return parse_columns(output.argument)
        case "custom-columns-file":
            with open(output.argument, encoding="utf-8") as file:
                return parse_columns_file(file.read())
    return []


async def _print_tables(session: Session, request: Request, targets: Sequence[Target], several: bool) -> None:
    tables: list[tuple[Target, Json]] = []
    for target in targets:
        with session.going_on():
            if (table := await read_table(session, request, target)) is not None and table["rows"]:
                tables.append((target, table))
    grouped = [(key, list(group)) for key, group in groupby(tables, lambda one: one[0].resource)]
    with_kind = several or request.appearance.show_kind or len(grouped) > 1
    for position, (resource, group) in enumerate(grouped):
        if position:
            session.write("\n")
        rows = [row for _, table in group for row in table["rows"]]
        rows = _sorted(rows, request.appearance.sort_by, lambda row: row["object"])
        columns = request.columns() if resource.namespaced else request.columns().without_namespace()
        prefix = name_of(resource, "") if with_kind else ""
        printer = TablePrinter(columns, prefix, headed=request.appearance.no_headers)
        session.write(printer.print({**group[0][1], "rows": rows}))
    if not grouped and not session.exit_code and not request.ignore_not_found:
        session.complain(_nothing(session, request, targets))


def _nothing(session: Session, request: Request, targets: Sequence[Target]) -> str:
    if request.all_namespaces or not all(target.resource.namespaced for target in targets):
        return "No resources found"
    return f"No resources found in {session.namespace} namespace."


async def read_table(session: Session, request: Request, target: Target) -> Json | None:
    """The Table of one object or of a list, all its pages in one; None for one that is not there and may be missing."""
    query = table_query(request)
    if target.name:
        query |= {key: value for key, value in request.query().items() if key == "includeUninitialized"}
    else:
        query |= request.query() | ({"limit": str(size)} if (size := request.appearance.chunk_size) else {})
    rows: list[Json] = []
    while True:
        try:
            answer = await session.client.rest.request("GET", target.path, query=query, accept=ACCEPT)
        except ApiError as error:
            if error.code == 404 and target.name and request.ignore_not_found:
                return None
            raise
        table = as_table(orjson.loads(answer.body), _age)
        rows += table.get("rows") or ()
        following = (table.get("metadata") or {}).get("continue")
        if not following:
            return {**table, "rows": rows}
        query = {**query, "continue": following}


def table_query(request: Request) -> dict[str, str]:
    """Rows come with their objects' metadata, or with whole objects where they are sorted by a field."""
    return {"includeObject": "Object"} if request.appearance.sort_by else {}


def _age(timestamp: str | None) -> str:
    return age_of.age(timestamp, time.time())


def _sorted(items: Sequence[Any], path: str, obj: Any) -> list[Any]:
    """By a field: numbers before texts, and what lacks the field before all. Raises ValueError for a wrong path."""
    if not path:
        return list(items)
    text = path.strip("{}")
    find = JSONPath.compile(text if text.startswith((".", "[", "$")) else f".{text}").find

    def key(item: Any) -> tuple[int, Any]:
        values = find(obj(item))
        match values[0] if values else None:
            case bool() | int() | float() as number:
                return (1, number)
            case None:
                return (0, "")
        # Numbers in texts count as such: 9 comes before 10.
        return (2, [(part.isdigit(), int(part) if part.isdigit() else part) for part in _PARTS.findall(str(values[0]))])

    return sorted(items, key=key)
