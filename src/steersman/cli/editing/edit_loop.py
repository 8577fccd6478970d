"""Edit an object until it can be saved, or the user gives up."""

from collections.abc import Awaitable, Callable
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.cli.cluster.failure import CommandError, describe_failure
from steersman.cli.cluster.session import Session
from steersman.cli.editing.editor import edit_text, keep_copy
from steersman.cli.printing.yaml_text import print_yaml

Json = dict[str, Any]

_HEADER = (
    "What follows is the object. Lines that begin with # do not count, and an empty file leaves",
    "everything as it is. If what you save cannot be used, it is opened again with the reason here.",
)


async def edit(session: Session, shown: Json, save: Callable[[Json], Awaitable[None]]) -> None:
    """Have the user edit ``shown``, and ``save`` what comes of it; ApiError and ValueError from there open it again.

    Raises CommandError if the user leaves something that cannot be saved as it is.
    """
    body, reason = print_yaml(shown), ""
    original = body
    while True:
        edited = _without_comments(await edit_text(_with_comments(body, reason)))
        if not edited.strip():
            session.complain("Edit cancelled, saved file was empty.")
            return
        if edited == body and not reason:
            session.complain("Edit cancelled, no changes made.")
            return
        if edited == body:
            raise CommandError(
                f'Edit cancelled, no valid changes were saved; a copy is in "{keep_copy(edited)}"\n{reason}'
            )
        if edited == original:
            session.complain("Edit cancelled, no changes made.")
            return
        try:
            await save(_parse(edited, shown))
            return
        except (ApiError, ValueError) as error:
            body, reason = edited, describe_failure(error)[0]


def _parse(text: str, shown: Json) -> Json:
    """Raises ApiError for what is no YAML, ValueError for what is no such object any more."""
    from steersman.apimachinery.encoding import yaml

    value = yaml.decode(text.encode())
    if not isinstance(value, dict):
        raise ValueError("this is no object")
    if _identity(value) != _identity(shown):
        raise ValueError("at least one of apiVersion, kind, name and namespace was changed")
    return value


def _identity(obj: Json) -> list[Any]:
    metadata = obj.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    return [obj.get("apiVersion"), obj.get("kind"), named.get("name"), named.get("namespace")]


def _with_comments(body: str, reason: str) -> str:
    lines = [*_HEADER, *(["", *reason.splitlines()] if reason else ())]
    return "".join(f"{f'# {line}'.rstrip()}\n" for line in (*lines, "")) + body


def _without_comments(text: str) -> str:
    return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("#"))
