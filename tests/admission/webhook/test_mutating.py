from tests.admission.webhook.front import front
from tests.admission.webhook.webhook_server import patch, webhook_server


async def test_a_patch_changes_what_is_stored() -> None:
    async with front() as api, webhook_server() as hooks:
        hooks.on(
            "/label", lambda request: patch(request, {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}})
        )
        await api.mutating(hooks.webhook("/label"))

        made = await api.create()

    assert made["metadata"]["labels"] == {"a": "b"}
