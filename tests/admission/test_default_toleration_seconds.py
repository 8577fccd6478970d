from pathlib import Path
from typing import Any

import pytest
from tests.admission.plugin_server import pod, serving

from steersman.client.kinds import core_v1


def tolerating(key: str, **more: Any) -> Any:
    return {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", **more}


NOT_READY, UNREACHABLE = (tolerating(key, tolerationSeconds=300) for key in ("not-ready", "unreachable"))
OTHER = {"key": "other", "operator": "Exists"}
ALL_BEFORE = {"operator": "Exists", "effect": "NoSchedule"}
NOT_READY_BEFORE = tolerating("not-ready", effect="NoSchedule")


@pytest.mark.parametrize(
    ("tolerations", "expected"),
    [
        ([], [NOT_READY, UNREACHABLE]),
        ([OTHER], [OTHER, NOT_READY, UNREACHABLE]),
        ([tolerating("not-ready", tolerationSeconds=5)], [tolerating("not-ready", tolerationSeconds=5), UNREACHABLE]),
        ([tolerating("unreachable")], [tolerating("unreachable"), NOT_READY]),
        (
            [NOT_READY_BEFORE],
            [NOT_READY_BEFORE, NOT_READY, UNREACHABLE],
        ),
        ([{"operator": "Exists"}], [{"operator": "Exists"}]),
        ([{"operator": "Exists", "effect": "NoExecute"}], [{"operator": "Exists", "effect": "NoExecute"}]),
        (
            [ALL_BEFORE],
            [ALL_BEFORE, NOT_READY, UNREACHABLE],
        ),
    ],
)
async def test_what_a_pod_does_not_tolerate_it_does_for_five_minutes(tolerations: Any, expected: Any) -> None:
    async with serving("DefaultTolerationSeconds") as client:
        created = await client.resource(core_v1.PODS).create(pod(tolerations=tolerations))

    assert created["spec"].get("tolerations") == expected


async def test_templates_are_left_alone() -> None:
    template: Any = {"metadata": {"name": "x"}, "template": {"spec": pod()["spec"]}}
    async with serving("DefaultTolerationSeconds") as client:
        created: Any = await client.resource(core_v1.POD_TEMPLATES).create(template)

    assert "tolerations" not in created["template"]["spec"]


async def test_a_pod_of_before_gets_them_with_its_next_update(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'state.db'}"
    async with serving(store=store) as client:
        await client.resource(core_v1.PODS).create(pod())
    async with serving("DefaultTolerationSeconds", store=store) as client:
        updated = await client.resource(core_v1.PODS).patch("web", {"metadata": {"labels": {"a": "b"}}})

    assert updated["spec"].get("tolerations") == [NOT_READY, UNREACHABLE]
