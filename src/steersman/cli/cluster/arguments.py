"""What the arguments of a command mean: ``TYPE NAME…``, ``TYPE1,TYPE2``, ``TYPE/NAME…``."""

from collections.abc import Sequence
from typing import NamedTuple

from steersman.cli.cluster.failure import UsageError
from steersman.client.client import Client
from steersman.client.discovery.served import ServedResource


class Wanted(NamedTuple):
    """A type as it was typed, and names of its objects; none stand for all that are selected."""

    type: str
    names: tuple[str, ...] = ()


def parse_arguments(args: Sequence[str]) -> list[Wanted]:
    """Raises UsageError where types and names are mixed up."""
    if any("/" in one for one in args):
        if not all("/" in one for one in args):
            raise UsageError(
                "there is no need to specify a resource type as a separate argument when passing arguments in "
                "resource/name form"
            )
        return [_pair(one) for one in args]
    if not args:
        return []
    types = args[0].split(",")
    if not all(types) or not all(args):
        raise UsageError("arguments in resource/name form must have a single resource and name, and none may be empty")
    return [Wanted(one, tuple(args[1:])) for one in types]


def _pair(text: str) -> Wanted:
    type, _, name = text.partition("/")
    if not type or not name or "/" in name or "," in type:
        raise UsageError("arguments in resource/name form must have a single resource and name")
    return Wanted(type, (name,))


def asks_for_several_types(args: Sequence[str]) -> bool:
    """``all`` does, even where only one type has objects."""
    types = {one.type for one in parse_arguments(args)}
    return len(types) > 1 or "all" in types


async def find_resources(client: Client, type: str) -> list[ServedResource]:
    """The resource of this name, or those of a category such as ``all``. Raises NoMatchError, and as discovery."""
    served = await client.discovery.served()
    of_category = [one for one in served.preferred() if type in one.categories and "list" in one.verbs]
    return of_category or [await client.mapper.resource_for(type)]
