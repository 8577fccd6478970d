"""CustomResourceDefinitions that a server has."""

from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.client import Client
from steersman.client.code_generator.definition import Definition, read_definition

_V1, _V1BETA1 = (
    ApiResource("apiextensions.k8s.io", version, "customresourcedefinitions", "CustomResourceDefinition", False, DICTS)
    for version in ("v1", "v1beta1")
)


async def fetch_definitions(client: Client) -> list[Definition]:
    """All definitions, in v1beta1 from servers older than 1.16.

    Raises ValueError, with one line, for a definition that is not complete, and what requests raise.
    """
    try:
        contents = await client.resource(_V1).list()
    except ApiError as error:
        if error.code != 404:
            raise
        contents = await client.resource(_V1BETA1).list()
    return [read_definition(content) for content in contents if _is_served(content)]


def _is_served(content: dict[str, Any]) -> bool:
    """Whether a version of it is: a server may keep definitions of which none is."""
    spec = content.get("spec") or {}
    return not spec.get("versions") or any(version.get("served") for version in spec["versions"])
