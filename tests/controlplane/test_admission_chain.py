"""The AdmissionChain, changed through the API of a server that serves."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.admission.plugin_server import refusal
from tests.controlplane.chain_server import CHAIN, Chain, Stamps, serving_chain

from steersman.apimachinery.errors import ApiError
from steersman.client import Client
from steersman.client.kinds import apiextensions_v1
from steersman.client.patch_type import PatchType
from steersman.controlplane import ControlPlane

DENIED = "admission control is denying all modifications"


@pytest.fixture
async def chain() -> AsyncIterator[Chain]:
    async with serving_chain() as served:
        yield served


def causes(error: ApiError) -> list[tuple[str, str]]:
    return [(cause["field"], cause["message"]) for cause in (error.details or {})["causes"]]


async def test_the_flags_make_the_object_with_what_they_configure_at_the_first_start(tmp_path: Any) -> None:
    file = tmp_path / "admission.yaml"
    file.write_text(
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n"
        "- {name: EventRateLimit, configuration: {limits: [{type: Server, qps: 5, burst: 9}]}}\n"
        "- {name: PodNodeSelector, configuration: {podNodeSelectorPluginConfig: {team: a=b}}}\n"
    )
    async with serving_chain("LimitRanger", "EventRateLimit", extra=(Stamps("Ours"),), configuration=file) as chain:
        spec = (await chain.get())["spec"]

        assert spec["plugins"] == [
            {"name": "LimitRanger", "enabled": True},
            {
                "name": "EventRateLimit",
                "enabled": True,
                "configuration": {"limits": [{"type": "Server", "qps": 5, "burst": 9}]},
            },
            {"name": "Ours", "enabled": True},
            {
                "name": "PodNodeSelector",
                "enabled": False,
                "configuration": {"podNodeSelectorPluginConfig": {"team": "a=b"}},
            },
        ]
        assert await chain.running() == ["LimitRanger", "EventRateLimit", "Ours"]


async def test_a_change_is_in_force_for_the_next_request_and_can_be_taken_back(chain: Chain) -> None:
    await chain.write("before")

    await chain.set("AlwaysDeny")
    refused = await refusal(chain.write("while"))
    await chain.set({"name": "AlwaysDeny", "enabled": False}, "AlwaysAdmit")
    await chain.write("after")

    assert DENIED in refused.message
    assert await chain.running() == ["AlwaysAdmit"]


async def test_plugins_are_asked_in_the_order_of_the_object() -> None:
    async with serving_chain(extra=(Stamps("A"), Stamps("B"))) as chain:
        first = await chain.write("first")
        await chain.set("B", "A")
        second = await chain.write("second")

    assert [made["metadata"]["annotations"]["stamps"] for made in (first, second)] == ["AB", "BA"]


WRONG_NAME = "spec.plugins[1].name"
WRONG_CONFIGURATION = "spec.plugins[1].configuration"


@pytest.mark.parametrize(
    ("plugin", "field", "message"),
    [
        ({"name": "Nope"}, WRONG_NAME, 'Unsupported value: "Nope": supported values: "AlwaysAdmit", "AlwaysDeny", '),
        ({"name": "Nope", "enabled": False}, WRONG_NAME, 'Unsupported value: "Nope"'),
        ({"name": "LimitRanger"}, WRONG_NAME, 'Duplicate value: "LimitRanger"'),
        ({"name": "PVCProtection"}, WRONG_NAME, "this plugin is called StorageObjectInUseProtection now"),
        ({"name": "AlwaysDeny", "configuration": {"a": 1}}, WRONG_CONFIGURATION, "AlwaysDeny takes no configuration"),
        ({"name": "EventRateLimit"}, WRONG_CONFIGURATION, "EventRateLimit: limits: Invalid value: must not be empty"),
        ({"name": "Ours", "configuration": {"a": 1}}, WRONG_CONFIGURATION, "Ours takes no configuration"),
        ({"name": "Initializers"}, "spec.plugins[1].enabled", "start the server with --enable-admission-plugins"),
        ({"enabled": True}, WRONG_NAME, "Required value"),
        ({"name": "PodSecurity", "configuration": {"x": "y" * (1 << 20)}}, "spec.plugins", "Too long"),
    ],
)
async def test_what_is_wrong_is_refused_by_field_and_the_old_chain_stays(
    plugin: dict[str, Any], field: str, message: str
) -> None:
    async with serving_chain("LimitRanger", extra=(Stamps("Ours"),)) as chain:
        before = await chain.get()

        refused = await refusal(chain.set("LimitRanger", plugin))

        assert (refused.code, refused.reason) == (422, "Invalid")
        assert [found for found, _ in causes(refused)] == [field]
        assert message in causes(refused)[0][1]
        assert "\n" not in refused.message
        assert await chain.get() == before
        assert await chain.running() == ["LimitRanger", "Ours"]


async def test_all_that_is_wrong_is_told_at_once(chain: Chain) -> None:
    refused = await refusal(chain.set("Nope", "AlwaysDeny", "AlwaysDeny", "Neither"))

    assert [field for field, _ in causes(refused)] == [f"spec.plugins[{at}].name" for at in (0, 2, 3)]


async def test_not_more_is_told_than_helps(chain: Chain) -> None:
    refused = await refusal(chain.set(*(f"P{number}" for number in range(200))))

    assert len(causes(refused)) == 16


async def test_there_are_not_too_many_plugins(chain: Chain) -> None:
    refused = await refusal(chain.set(*({"name": f"P{number}", "enabled": False} for number in range(257))))

    assert causes(refused) == [("spec.plugins", "Too many: 257: must have at most 256 items")]


@pytest.mark.parametrize("spec", [{}, {"plugins": None}])
async def test_an_empty_chain_has_to_be_meant(chain: Chain, spec: dict[str, Any]) -> None:
    live = await chain.get()
    refused = await refusal(chain.objects.update({**live, "spec": spec}))
    await chain.set()

    assert causes(refused) == [("spec.plugins", "Required value")]
    assert await chain.running() == []


async def test_there_is_one_chain(chain: Chain) -> None:
    other = {"metadata": {"name": "other"}, "spec": {"plugins": []}}

    refused = await refusal(chain.objects.create(other))

    assert causes(refused) == [
        ("metadata.name", 'Invalid value: "other": there is one AdmissionChain, named "default"')
    ]


async def test_a_dry_run_looks_at_everything_and_changes_nothing(chain: Chain) -> None:
    before = await chain.get()

    refused = await refusal(chain.set("Nope", dry_run=True))
    shown = await chain.set("AlwaysDeny", dry_run=True)

    assert refused.code == 422
    assert shown["spec"]["plugins"] == [{"name": "AlwaysDeny", "enabled": True}]
    assert await chain.get() == before
    await chain.write("allowed")


async def test_no_plugin_is_asked_about_the_chain_itself() -> None:
    witness = Stamps("Witness")
    witness.resources = None  # type: ignore[assignment]
    async with serving_chain("AlwaysDeny", extra=(witness,)) as chain:
        await chain.set("Witness")
        await chain.objects.delete(CHAIN)

    assert CHAIN not in witness.validated


async def test_whoever_may_not_write_chains_is_refused() -> None:
    async with ControlPlane(store="memory:") as plane:
        for name, groups in (("jane", ("dev",)), ("root", ("system:masters",))):
            async with Client(plane.client_config(name, groups)) as client:
                chain = Chain(client)
                if name == "root":
                    await chain.set("AlwaysAdmit")
                else:
                    assert (await refusal(chain.get())).code == 403
                    assert (await refusal(chain.plugins.get("AlwaysDeny"))).code == 403


async def test_deleted_the_chain_of_the_flags_runs_and_the_object_comes_again(chain: Chain) -> None:
    await chain.set("AlwaysDeny")
    uid = (await chain.get())["metadata"]["uid"]
    async with chain.objects.watch(field_selector=f"metadata.name={CHAIN}") as events:
        await chain.objects.delete(CHAIN)
        await chain.write("again")
        made = await anext(
            one.object async for one in events if one.type == "ADDED" and one.object["metadata"]["uid"] != uid
        )

    assert made["spec"]["plugins"] == [{"name": "AlwaysAdmit", "enabled": True}]
    assert await chain.running() == ["AlwaysAdmit"]


async def test_a_change_counts_as_a_generation_and_a_label_does_not(chain: Chain) -> None:
    labelled = await chain.objects.patch(CHAIN, {"metadata": {"labels": {"a": "b"}}})
    changed = await chain.set("AlwaysAdmit", "LimitRanger")

    assert [one["metadata"]["generation"] for one in (labelled, changed)] == [1, 2]


async def test_one_plugin_is_turned_off_by_its_name(chain: Chain) -> None:
    await chain.set("LimitRanger", "AlwaysDeny")
    off = {"spec": {"plugins": [{"name": "AlwaysDeny", "enabled": False}]}}

    await chain.objects.patch(CHAIN, off, type=PatchType.STRATEGIC_MERGE)

    assert await chain.running() == ["LimitRanger"]


@pytest.mark.parametrize("version", ["1.7", "1.16", "1.37"])
@pytest.mark.parametrize("profile", ["kubernetes", "crd-only"])
async def test_it_is_served_at_every_minor_and_in_each_profile(version: str, profile: str) -> None:
    async with serving_chain(version=version, profile=profile) as chain:
        await chain.set("AlwaysDeny")

        assert await chain.names() == await chain.running() == ["AlwaysDeny"]


async def test_a_definition_of_the_same_name_takes_nothing_away(chain: Chain) -> None:
    await chain.set("LimitRanger")
    definitions = chain.client.resource(apiextensions_v1.CUSTOM_RESOURCE_DEFINITIONS)
    schema = {"openAPIV3Schema": {"type": "object"}}
    name = "admissionchains.admission.steersman.dev"
    namesake: Any = {
        "metadata": {"name": name},
        "spec": {
            "group": "admission.steersman.dev",
            "names": {"kind": "AdmissionChain", "plural": "admissionchains"},
            "scope": "Cluster",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    async with definitions.watch(field_selector=f"metadata.name={name}") as events:
        await definitions.create(namesake)
        await anext(one async for one in events if "conditions" in one.object.get("status", {}))
        await definitions.delete(name)
        await anext(one async for one in events if one.type == "DELETED")

    assert await chain.names() == ["LimitRanger"]
    await chain.set("AlwaysDeny")
    assert await chain.running() == ["AlwaysDeny"]
