"""What the shell may suggest: the types that the server has, and the names of its objects."""

import asyncio
from collections.abc import Iterable
from typing import Any

COMPLETION_SECONDS = 3.0
"""Nobody waits longer for a suggestion."""


def complete_types(ctx: Any, args: list[str], incomplete: str) -> Iterable[str]:
    """The types that can be listed, or with a type before it the names of its objects. Never raises."""
    from steersman.cli.cluster.connection import Connection

    given = {name: ctx.params.get(name) for name in ("kubeconfig", "context", "namespace") if ctx.params.get(name)}
    typed = ctx.params.get("args") or ()
    try:
        found = asyncio.run(_suggest(Connection(**given), typed[0] if typed else ""))
    except Exception:
        # A shell's line is no place for an error.
        return ()
    return [one for one in found if one.startswith(incomplete)]


async def _suggest(connection: Any, type: str) -> list[str]:
    from steersman.client.client import Client

    async with asyncio.timeout(COMPLETION_SECONDS), Client(connection.config()) as client:
        if type:
            return [obj["metadata"]["name"] async for obj in (await client.dynamic(type)).list()]
        served = await client.discovery.served()
        return sorted({one.plural for one in served.preferred() if "list" in one.verbs})
