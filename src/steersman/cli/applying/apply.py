"""Applying objects one after the other."""

from dataclasses import dataclass
from typing import Any

from steersman.apimachinery.errors import ApiError
from steersman.cli.applying.last_applied import LAST_APPLIED, annotated, last_applied
from steersman.cli.applying.patch_meta import patch_meta
from steersman.cli.applying.three_way import three_way_patch
from steersman.cli.cluster.failure import in_file
from steersman.cli.cluster.files import FileObject
from steersman.cli.cluster.selection import Target, resource_of
from steersman.cli.cluster.session import Session
from steersman.cli.cluster.write_flags import Writing
from steersman.client.patch_type import PatchType
from steersman.client.resource_client import ResourceClient

Json = dict[str, Any]

TRIES = 5
"""How often a patch is made anew when the object has changed meanwhile."""

CLIENT_SIDE, SERVER_SIDE = "kubectl-client-side-apply", "kubectl"
"""The names of kubectl's field managers: objects may go back and forth between it and us."""


@dataclass(frozen=True)
class Apply:
    """What was asked for. ``validate`` is Strict, Warn or Ignore."""

    session: Session
    writing: Writing
    server_side: bool
    force_conflicts: bool
    include_uninitialized: bool
    validate: str

    async def apply(self, one: FileObject) -> None:
        """Make the server have an object, and say what was done. Raises ApiError, and as discovery."""
        resource = await resource_of(self.session, one)
        namespace = (
            one.namespace(self.session.connection.namespace, self.session.namespace) if resource.namespaced else ""
        )
        target = Target(resource, namespace, one.name)
        client = self.session.client.resource(resource.api_resource)
        obj = in_namespace(one.obj, namespace)
        done, result = await (self._server_side if self.server_side else self._client_side)(target, client, one, obj)
        self.writing.report(self.session, target, done, result)

    async def _server_side(
        self, target: Target, client: ResourceClient[Json], one: FileObject, obj: Json
    ) -> tuple[str, Json]:
        result = await client.apply(
            obj,
            field_manager=self.writing.field_manager or SERVER_SIDE,
            force=self.force_conflicts,
            namespace=target.namespace,
            dry_run=self.writing.is_server_dry_run,
            field_validation=self.validate,
        )
        return "serverside-applied", result

    async def _client_side(
        self, target: Target, client: ResourceClient[Json], one: FileObject, obj: Json
    ) -> tuple[str, Json]:
        wanted = annotated(obj)
        live = await self._live(target, client)
        try:
            if live is None:
                return await self._create(target, client, wanted)
            if last_applied(live) is None:
                self._warn_of_missing_annotation(target)
            return await self._patch(target, client, wanted, live)
        except ApiError as error:
            raise in_file(error, "creating" if live is None else "patching", one.source) from None

    async def _live(self, target: Target, client: ResourceClient[Json]) -> Json | None:
        """The object as it is; None without one."""
        try:
            return await client.get(
                target.name, namespace=target.namespace, include_uninitialized=self.include_uninitialized
            )
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    async def _create(self, target: Target, client: ResourceClient[Json], wanted: Json) -> tuple[str, Json]:
        if self.writing.is_client_dry_run:
            return "created", wanted
        result = await client.create(
            wanted,
            namespace=target.namespace,
            dry_run=self.writing.is_server_dry_run,
            field_manager=self.writing.field_manager or CLIENT_SIDE,
            field_validation=self.validate,
            include_uninitialized=self.include_uninitialized,
        )
        return "created", result

    async def _patch(self, target: Target, client: ResourceClient[Json], wanted: Json, live: Json) -> tuple[str, Json]:
        meta = patch_meta(target.resource.group_version_kind)
        for attempt in range(TRIES):
            patch, type = three_way_patch(last_applied(live) or {}, wanted, live, meta)
            if not patch:
                return "unchanged", live
            if self.writing.is_client_dry_run:
                return "configured", live
            try:
                return "configured", await self._send(target, client, patch, type)
            except ApiError as error:
                if error.code != 409 or attempt == TRIES - 1:
                    raise
                live = await client.get(target.name, namespace=target.namespace)
        raise AssertionError("the last try has returned or raised")

    async def _send(self, target: Target, client: ResourceClient[Json], patch: Json, type: PatchType) -> Json:
        return await client.patch(
            target.name,
            patch,
            type=type,
            namespace=target.namespace,
            dry_run=self.writing.is_server_dry_run,
            field_manager=self.writing.field_manager or CLIENT_SIDE,
            field_validation=self.validate,
        )

    def _warn_of_missing_annotation(self, target: Target) -> None:
        self.session.complain(
            f"Warning: resource {target.resource.plural}/{target.name} is missing the {LAST_APPLIED} annotation which"
            " is required by steersman apply. steersman apply should only be used on resources created declaratively by"
            " either steersman create --save-config or steersman apply. The missing annotation will be patched"
            " automatically."
        )


def in_namespace(obj: Json, namespace: str) -> Json:
    """The object as one of this namespace; as it is, if that is empty."""
    if not namespace:
        return obj
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
