"""A server whose chain is looked at and changed over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.admission.over_http import serving_http

from steersman.admission.selection import AdmissionOptions
from steersman.apis.admission_chains import ADMISSION
from steersman.apis.namespaces import SYSTEM_NAMESPACES
from steersman.apiserver.admission import Attributes
from steersman.client import Client
from steersman.client.api_resource import DICTS, ApiResource
from steersman.client.kinds import core_v1
from steersman.client.wait import exists, wait_for
from steersman.controllers.service_account import DEFAULT, SERVICE_ACCOUNTS
from steersman.controlplane.authorization import AuthorizationOptions

CHAINS = ApiResource(*ADMISSION, "admissionchains", "AdmissionChain", False, DICTS)
PLUGINS = ApiResource(*ADMISSION, "admissionplugins", "AdmissionPlugin", False, DICTS)
CHAIN = "default"


class Chain:
    """The chain of one server, and an administrator who changes it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.objects, self.plugins = client.resource(CHAINS), client.resource(PLUGINS)

    async def get(self) -> Any:
        return await self.objects.get(CHAIN)

    async def names(self) -> list[str]:
        """Those that the stored chain has enabled."""
        return [one["name"] for one in (await self.get())["spec"]["plugins"] if one["enabled"]]

    async def running(self) -> list[str]:
        """The plugins that are asked now, in order."""
        listed = [one async for one in self.plugins.list()]
        return [one["metadata"]["name"] for one in listed if one["status"]["enabled"]]

    async def set(self, *plugins: str | dict[str, Any], dry_run: bool = False) -> Any:
        """Have these plugins and no others; a name is one that is enabled."""
        live = await self.get()
        live["spec"] = {"plugins": [{"name": one} if isinstance(one, str) else one for one in plugins]}
        return await self.objects.update(live, dry_run=dry_run)

    async def settled(self) -> None:
        """Return when the controllers have made what a new server lacks: they come up beside it, at some moment."""
        accounts = self.client.resource(SERVICE_ACCOUNTS)
        for namespace in SYSTEM_NAMESPACES:
            await wait_for(accounts, DEFAULT, exists(), namespace=namespace, timeout=30)

    async def write(self, name: str, **annotations: str) -> Any:
        """Create a ConfigMap: what the chain looks at."""
        metadata = {"name": name} | ({"annotations": annotations} if annotations else {})
        return await self.client.resource(core_v1.CONFIG_MAPS).create({"metadata": metadata})  # type: ignore[typeddict-item]


@asynccontextmanager
async def serving_chain(
    *control: str,
    directory: Path | None = None,
    extra: Sequence[Any] = (),
    configuration: Path | None = None,
    reset: bool = False,
    **options: Any,
) -> AsyncIterator[Chain]:
    """A server whose flags have the chain ``control`` (default: AlwaysAdmit alone); with ``directory`` it is kept."""
    admission = AdmissionOptions(
        control=control or ("AlwaysAdmit",), extra=extra, configuration=configuration, reset=reset
    )
    # Without roles a server starts in half the time.
    everybody = AuthorizationOptions(modes=("AlwaysAllow",))
    store = f"sqlite:///{directory / 'state.db'}" if directory else "memory:"
    settings = {"admission": admission, "authorization": everybody, "store": store, **options}
    async with serving_http(**settings) as server, Client(server.config()) as client:
        yield Chain(client)


class Stamps:
    """Notes in each ConfigMap that it was asked, in both phases; and when it was closed."""

    operations = frozenset(("CREATE",))
    resources = frozenset((core_v1.CONFIG_MAPS.group_resource,))

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = 0
        self.validated: list[str] = []

    def admit(self, attributes: Attributes) -> None:
        annotations = (attributes.object or {})["metadata"].setdefault("annotations", {})
        annotations["stamps"] = annotations.get("stamps", "") + self.name

    def validate(self, attributes: Attributes) -> None:
        self.validated.append(attributes.name)

    async def close(self) -> None:
        self.closed += 1
