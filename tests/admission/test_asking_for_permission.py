"""Plugins that ask the authorizer, with roles: of a user who may do the write itself, they want more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.admission.over_http import serving_http
from tests.admission.plugin_server import refusal
from tests.admission.signers import SIGNER, signing_request

from steersman.admission.selection import AdmissionOptions
from steersman.client import Client
from steersman.client.kinds import certificates_v1, core_v1, rbac_v1

APPROVED: Any = {"type": "Approved", "status": "True", "reason": "Known", "message": "known to us"}
OWNER: Any = {"apiVersion": "v1", "kind": "Node", "name": "a", "uid": "1"}


@asynccontextmanager
async def users(*plugins: str) -> AsyncIterator[tuple[Client, Client]]:
    """Clients of an administrator, and of ``jane`` whose role ``work`` allows nothing yet."""
    admission = AdmissionOptions(control=plugins)
    async with (
        serving_http(admission=admission) as server,
        Client(server.config()) as admin,
        Client(server.config("jane")) as jane,
    ):
        role, subject = {"metadata": {"name": "work"}, "rules": []}, {"kind": "User", "name": "jane"}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "work"}
        binding = {"metadata": {"name": "work"}, "roleRef": reference, "subjects": [subject]}
        for resource, body in ((rbac_v1.CLUSTER_ROLES, role), (rbac_v1.CLUSTER_ROLE_BINDINGS, binding)):
            objects: Any = admin.resource(resource)
            await objects.create(body)
        yield admin, jane


async def allow(admin: Client, *rules: tuple[str, str, list[str]], names: Any = None) -> None:
    """Let ``work`` be allowed the verbs on each group and resource."""
    listed = [{"apiGroups": [group], "resources": [resource], "verbs": verbs} for group, resource, verbs in rules]
    if names:
        listed[-1]["resourceNames"] = names
    await admin.resource(rbac_v1.CLUSTER_ROLES).patch("work", {"rules": listed})


async def test_who_may_write_approvals_also_needs_the_signer() -> None:
    writing = ("certificates.k8s.io", "certificatesigningrequests/approval", ["update"])
    approving = ("certificates.k8s.io", "signers", ["approve"])
    async with users("CertificateApproval") as (admin, jane):
        created: Any = await admin.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS).create(signing_request())
        created["status"] = {"conditions": [APPROVED]}
        requests = jane.resource(certificates_v1.CERTIFICATE_SIGNING_REQUESTS)
        await allow(admin, writing)
        refused = await refusal(requests.update(created, subresource="approval"))
        await allow(admin, writing, approving, names=["example.com/*"])

        await requests.update(created, subresource="approval")

    assert refused.message == (
        'certificatesigningrequests.certificates.k8s.io "mine" is forbidden:'
        f' user not permitted to approve requests with signerName "{SIGNER}"'
    )


async def test_who_may_update_an_object_also_needs_to_delete_it_to_change_its_owners() -> None:
    change: Any = {"metadata": {"ownerReferences": [OWNER]}}
    async with users("OwnerReferencesPermissionEnforcement") as (admin, jane):
        await admin.resource(core_v1.CONFIG_MAPS).create({"metadata": {"name": "x"}})
        config_maps = jane.resource(core_v1.CONFIG_MAPS)
        await allow(admin, ("", "configmaps", ["patch"]))
        await config_maps.patch("x", {"data": {"a": "b"}})
        refused = await refusal(config_maps.patch("x", change))
        await allow(admin, ("", "configmaps", ["patch", "delete"]))
        await config_maps.patch("x", change)
        blocking = {"metadata": {"ownerReferences": [{**OWNER, "blockOwnerDeletion": True}]}}
        held_up = await refusal(config_maps.patch("x", blocking))
        await allow(admin, ("", "configmaps", ["patch", "delete"]), ("", "nodes/finalizers", ["update"]))
        await config_maps.patch("x", blocking)

    assert refused.message.startswith(
        'configmaps "x" is forbidden: cannot set an ownerRef on a resource you can\'t delete: '
    )
    assert "a resource you can't set finalizers on: " in held_up.message
