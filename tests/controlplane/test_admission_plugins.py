"""AdmissionPlugins: the plugins of the running chain, and what they have done."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.admission.plugin_server import pod, refusal
from tests.apiserver.api_client import TABLE, Client, serving
from tests.controlplane.chain_server import Chain, Stamps, serving_chain

from steersman.admission import catalog
from steersman.admission.selection import AdmissionOptions
from steersman.client.kinds import core_v1

PLUGINS = "/apis/admission.steersman.dev/v1/admissionplugins"
CHAIN = "/apis/admission.steersman.dev/v1/admissionchains/default"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def chain() -> AsyncIterator[Chain]:
    async with serving_chain("LimitRanger", "AlwaysPullImages", extra=(Stamps("Ours"),)) as served:
        yield served


async def status(chain: Chain, name: str) -> Any:
    return (await chain.plugins.get(name))["status"]


async def test_first_those_that_are_asked_and_then_all_others(chain: Chain) -> None:
    listed = [one async for one in chain.plugins.list()]

    names = [one["metadata"]["name"] for one in listed]
    assert names[:3] == ["LimitRanger", "AlwaysPullImages", "Ours"]
    assert sorted(names) == sorted({*catalog.known_names(), "Ours"})
    assert [one["status"].get("order") for one in listed[:4]] == [1, 2, 3, None]
    assert [one["status"]["enabled"] for one in listed[:4]] == [True, True, True, False]


async def test_what_a_plugin_looks_at(chain: Chain) -> None:
    found = await status(chain, "LimitRanger")

    assert {key: found[key] for key in ("phases", "operations", "resources")} == {
        "phases": ["Mutating", "Validating"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["persistentvolumeclaims", "pods"],
    }
    await chain.set("AlwaysDeny")
    assert (await status(chain, "AlwaysDeny"))["resources"] == ["*"]


async def test_what_it_did_is_counted_by_phase_and_operation(chain: Chain) -> None:
    pods = chain.client.resource(core_v1.PODS)
    for name in ("a", "b"):
        await pods.create(pod(name))
    await chain.settled()
    await chain.set("AlwaysPullImages", {"name": "AlwaysDeny"})
    await refusal(pods.create(pod("c")))

    pulls, denies = await status(chain, "AlwaysPullImages"), await status(chain, "AlwaysDeny")

    assert (pulls["admitted"], pulls["rejected"]) == (5, 0)
    assert [(one["phase"], one["operation"], one["admitted"]) for one in pulls["counts"]] == [
        ("Mutating", "CREATE", 3),
        ("Validating", "CREATE", 2),
    ]
    assert (denies["admitted"], denies["rejected"]) == (0, 1)
    assert 0 < denies["averageSeconds"] < 1


async def test_the_counts_go_on_when_the_plugin_comes_back(chain: Chain) -> None:
    await chain.write("a")
    await chain.set()
    gone = await status(chain, "Ours")
    await chain.set("Ours")
    await chain.write("b")

    assert [gone["enabled"], gone["admitted"], (await status(chain, "Ours"))["admitted"]] == [False, 2, 4]


async def test_which_chain_is_in_force(chain: Chain) -> None:
    changed = await chain.set("LimitRanger")
    refused = await refusal(chain.set("Nope"))

    assert (await status(chain, "LimitRanger"))["chainResourceVersion"] == changed["metadata"]["resourceVersion"]
    assert refused.code == 422


async def test_there_are_no_others(chain: Chain) -> None:
    assert (await refusal(chain.plugins.get("Nope"))).reason == "NotFound"


@pytest.fixture
async def api() -> AsyncIterator[Client]:
    async with serving(admission=AdmissionOptions(control=("LimitRanger", "AlwaysAdmit"))) as client:
        yield client


async def test_tables(api: Client) -> None:
    await api.made(CONFIG_MAPS, {"metadata": {"name": "a"}})
    plugins = (await api.get(PLUGINS, accept=TABLE)).body
    chains = (await api.get(CHAIN, accept=TABLE)).body

    assert [column["name"] for column in plugins["columnDefinitions"]] == [
        "Name",
        "Order",
        "Enabled",
        "Phases",
        "Operations",
        "Admitted",
        "Rejected",
        "Average",
    ]
    first, second, third = (row["cells"] for row in plugins["rows"][:3])
    assert first == ["LimitRanger", 1, True, "Mutating,Validating", "CREATE,UPDATE", 0, 0, ""]
    assert second[:5] == ["AlwaysAdmit", 2, True, "Validating", "CREATE,UPDATE,DELETE,CONNECT"]
    assert (second[5] > 0, second[6], second[7][-1]) == (True, 0, "s")
    assert third == ["NamespaceAutoProvision", None, False, "", "", 0, 0, ""]
    version = (await api.get(CHAIN)).body["metadata"]["resourceVersion"]
    assert chains["rows"][0]["cells"][:3] == ["default", 2, version]


async def test_both_kinds_are_discovered_and_documented(api: Client) -> None:
    listed = (await api.get("/apis/admission.steersman.dev/v1")).body["resources"]
    v3 = (await api.get("/openapi/v3/apis/admission.steersman.dev/v1")).body
    v2 = (await api.get("/openapi/v2")).body

    assert [(one["name"], one["shortNames"], one["verbs"]) for one in listed] == [
        (
            "admissionchains",
            ["chain"],
            ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        ),
        ("admissionplugins", ["aplugin"], ["get", "list"]),
    ]
    package = "dev.steersman.admission.v1"
    schema = v3["components"]["schemas"][f"{package}.AdmissionChain"]
    assert schema["x-kubernetes-group-version-kind"] == [
        {"group": "admission.steersman.dev", "kind": "AdmissionChain", "version": "v1"}
    ]
    for definitions in (v3["components"]["schemas"], v2["definitions"]):
        spec = definitions[f"{package}.AdmissionChain"]["properties"]["spec"]
        assert spec["properties"]["plugins"]["description"].startswith("The plugins in the order")
        assert f"{package}.AdmissionPluginList" in definitions
    paths = v3["paths"]["/apis/admission.steersman.dev/v1/admissionplugins/{name}"]
    assert [one for one in paths if one != "parameters"] == ["get"]
