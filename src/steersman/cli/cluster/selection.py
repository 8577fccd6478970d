"""Which objects a command is about: by type and name, by selectors, or those of files."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from steersman.cli.cluster.arguments import find_resources, parse_arguments
from steersman.cli.cluster.failure import CommandError, UsageError
from steersman.cli.cluster.files import FileObject, Files
from steersman.cli.cluster.selection_flags import Selectors
from steersman.cli.cluster.session import Session
from steersman.client.api_resource import ALL_NAMESPACES
from steersman.client.discovery.errors import NoMatchError
from steersman.client.discovery.served import ServedResource
from steersman.client.resource_client import ResourceClient

Json = dict[str, Any]


class Target(NamedTuple):
    """One object, or with an empty name those of a type; the namespace is empty for all, and for kinds without.

    ``source`` is the file that names it.
    """

    resource: ServedResource
    namespace: str
    name: str
    source: str = ""

    @property
    def path(self) -> str:
        return self.resource.api_resource.path(self.namespace, self.name)

    @property
    def label(self) -> str:
        """``deployment.apps/x``."""
        return name_of(self.resource, self.name)


class Found(NamedTuple):
    """An object of the server's, and the client of its resource."""

    target: Target
    client: ResourceClient[Json]
    obj: Json


def name_of(resource: ServedResource, name: str) -> str:
    """``deployment.apps/x``, as kubectl names an object."""
    singular = resource.singular or resource.kind.lower()
    return f"{singular}.{resource.group}/{name}" if resource.group else f"{singular}/{name}"


async def find_targets(
    session: Session, args: Sequence[str], files: Files, *, all_namespaces: bool = False
) -> list[Target]:
    """What arguments and files name. Raises UsageError where they name nothing, NoMatchError for unknown types."""
    if files:
        if args:
            raise UsageError("when paths are provided as input, you may not specify resource arguments as well")
        return [await _of_file(session, one) for one in files.read()]
    wanted = parse_arguments(args)
    if not wanted:
        raise UsageError("Required resource not specified: give TYPE, TYPE NAME, TYPE/NAME or -f FILE")
    if all_namespaces and any(one.names for one in wanted):
        raise UsageError("a resource cannot be retrieved by name across all namespaces")
    targets = []
    for one in wanted:
        for resource in await find_resources(session.client, one.type):
            namespace = ALL_NAMESPACES if all_namespaces or not resource.namespaced else session.namespace
            targets += [Target(resource, namespace, name) for name in one.names or ("",)]
    return targets


async def resource_of(session: Session, one: FileObject) -> ServedResource:
    """The resource of an object's kind. Raises CommandError if the server has none, and as discovery."""
    try:
        return await session.client.mapper.resource_for(one.kind)
    except NoMatchError as error:
        namespace = one.obj["metadata"].get("namespace") or ""
        raise CommandError(
            f'resource mapping not found for name: "{one.name}" namespace: "{namespace}" from "{one.source}": {error}'
            "\nensure CRDs are installed first"
        ) from None


async def _of_file(session: Session, one: FileObject) -> Target:
    resource = await resource_of(session, one)
    namespace = one.namespace(session.connection.namespace, session.namespace) if resource.namespaced else ""
    return Target(resource, namespace, one.name, one.source)


async def fetch(
    session: Session,
    targets: Sequence[Target],
    selectors: Selectors,
    *,
    include_uninitialized: bool = False,
    ignore_not_found: bool = False,
) -> list[Found]:
    """The objects themselves. What cannot be had is told, and left out."""
    from steersman.apimachinery.errors import ApiError

    found: list[Found] = []
    for target in targets:
        with session.going_on():
            client = session.client.resource(target.resource.api_resource)
            if target.name:
                try:
                    obj = await client.get(
                        target.name, namespace=target.namespace, include_uninitialized=include_uninitialized
                    )
                except ApiError as error:
                    if error.code == 404 and ignore_not_found:
                        continue
                    raise
                found.append(Found(target, client, obj))
                continue
            listing = client.list(
                namespace=target.namespace,
                label_selector=selectors.selector,
                field_selector=selectors.field_selector,
                include_uninitialized=include_uninitialized,
            )
            found += [Found(_target_of(target.resource, obj), client, obj) async for obj in listing]
    return found


def _target_of(resource: ServedResource, obj: Json) -> Target:
    return Target(resource, obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
